/* The terminal, while monitor draws on it: a page of its own, no cursor, keys as they are pressed.
 */
#ifndef EXAMPLES_MCPSESS_SCREEN_H
#define EXAMPLES_MCPSESS_SCREEN_H

#include <termios.h>

struct screen {
	struct termios before;
	int is_on;
	int has_keys;
};

/* Of what screen_wait() says besides keys. */
enum { SCREEN_TIME = 0, SCREEN_SIGNAL = -1 };

/* Take it, if standard output is a terminal; leave it as it was. */
void screen_begin(struct screen *screen);
void screen_end(struct screen *screen);

/* Wait for a key, a time or a signal, as which a change of the window's size counts. */
int screen_wait(const struct screen *screen, int ms);

/* How many lines it has. */
unsigned screen_height(void);

#endif
