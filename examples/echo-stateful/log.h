/* The log: lines of "time level text" on standard error or in a file. */
#ifndef ECHO_LOG_H
#define ECHO_LOG_H

#include <mcpsess/log.h>

/* Lines above the level are left out. 0; -1 and errno when the file cannot be opened. */
int log_open(const char *file, enum mcpsess_log_level level);

__attribute__((format(printf, 2, 3))) void log_line(
	enum mcpsess_log_level level, const char *format, ...);

/* The same for the library's log hook. */
void log_hook(void *user_data, enum mcpsess_log_level level, const char *line);

#endif
