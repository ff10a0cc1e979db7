#include <mcpsess/log.h>

#include <strings.h>

static const char *const names[] = { "none", "error", "warn", "info", "debug" };

const char *mcpsess_log_level_name(enum mcpsess_log_level level)
{
	size_t index = (size_t)level;
	return index < sizeof(names) / sizeof(names[0]) ? names[index] : "none";
}

int mcpsess_log_level_parse(struct mcpsess_bytes name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (name.len == strlen(names[i]) &&
			strncasecmp(name.data, names[i], name.len) == 0) {
			return (int)i;
		}
	}
	return -1;
}
