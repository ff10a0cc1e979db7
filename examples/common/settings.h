/* What can be set from the command line and the environment of the small hosts. */
#ifndef EXAMPLES_SETTINGS_H
#define EXAMPLES_SETTINGS_H

#include <mcpsess/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Not to be copied: some of it points to the rest. */
struct settings {
	const char *host;
	unsigned long port; /* 0: any that is free */
	const char *path;
	const char *store; /* with its options, for opening a store or pool */
	struct mcp_session_store_options options;
	unsigned long session_timeout; /* seconds; in options too */
	const char *server_name;
	const char *server_version;
	const char *protocol_version; /* NULL: the newest known */
	const char *allow_host;       /* NULL: localhost, 127.0.0.1, [::1] */
	char created[1024];
	char hosts[320];
};

/*
 * Read them; the command line wins. Ends the program after --help, and with status 2 and a text on
 * standard error when something is wrong. The program's name is its server's by default.
 */
void settings_read(struct settings *out, const char *name, int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif
