#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* One for the whole program, set before there are threads. */
static int log_fd = STDERR_FILENO;
static enum mcpsess_log_level log_level = MCPSESS_LOG_INFO;

int log_open(const char *file, enum mcpsess_log_level level)
{
	log_level = level;
	if (file != NULL) {
		log_fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	}
	return log_fd < 0 ? -1 : 0;
}

void log_line(enum mcpsess_log_level level, const char *format, ...)
{
	char line[1024];
	struct timespec now;
	struct tm parts;
	if (level > log_level) {
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	size_t len = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &parts);
	len += (size_t)snprintf(line + len, sizeof(line) - len, ".%03ldZ %s ",
		now.tv_nsec / 1000000, mcpsess_log_level_name(level));

	va_list values;
	va_start(values, format);
	int more = vsnprintf(line + len, sizeof(line) - len - 1, format, values);
	va_end(values);
	size_t room = sizeof(line) - len - 2;
	len += more < 0 ? 0 : (size_t)more < room ? (size_t)more : room;
	line[len++] = '\n';
	/* In one piece, so that lines of several threads do not mix. A full disk stops no server.
	 */
	if (write(log_fd, line, len) < 0) {
		return;
	}
}

void log_hook(void *user_data, enum mcpsess_log_level level, const char *line)
{
	(void)user_data;
	log_line(level, "%s", line);
}
