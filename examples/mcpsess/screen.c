#include "screen.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void resized(int number)
{
	(void)number; /* that poll() ends is enough */
}

void screen_begin(struct screen *screen)
{
	struct sigaction action = { .sa_handler = resized };
	struct termios raw;
	memset(screen, 0, sizeof(*screen));
	if (!isatty(STDOUT_FILENO)) {
		return;
	}
	screen->is_on = 1;
	sigaction(SIGWINCH, &action, NULL);
	/* Lines that are too long are cut, for what is below them would no longer be in place. */
	fputs("\033[?1049h\033[?25l\033[?7l\033[2J", stdout);
	if (tcgetattr(STDIN_FILENO, &screen->before) == 0) {
		raw = screen->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		screen->has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
}

void screen_end(struct screen *screen)
{
	if (screen->has_keys) {
		tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
	}
	if (screen->is_on) {
		fputs("\033[?7h\033[?25h\033[?1049l", stdout);
		fflush(stdout);
	}
}

int screen_wait(const struct screen *screen, int ms)
{
	struct pollfd keys = { .fd = screen->has_keys ? STDIN_FILENO : -1, .events = POLLIN };
	unsigned char key;
	int some = poll(&keys, 1, ms);
	if (some <= 0) {
		return some < 0 ? SCREEN_SIGNAL : SCREEN_TIME;
	}
	return read(STDIN_FILENO, &key, 1) == 1 ? key : 'q';
}

unsigned screen_height(void)
{
	struct winsize window = { .ws_row = 24 };
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
	return window.ws_row;
}
