/* What can be set from the command line and the environment; the command line wins. */
#ifndef ECHO_OPTIONS_H
#define ECHO_OPTIONS_H

#include <mcpsess/log.h>

struct options {
	const char *transport; /* "http" or "stdio" */
	const char *host;
	unsigned long port; /* 0: any that is free */
	const char *path;
	const char *store;
	const char *module_dir;
	unsigned long session_timeout; /* seconds */
	unsigned long drain_delay;     /* seconds */
	const char *protocol_version;  /* NULL: the newest known */
	const char *log_file;          /* NULL: standard error */
	enum mcpsess_log_level log_level;
	const char *server_name;
	const char *server_version;
	const char *allow_host;   /* NULL: localhost, 127.0.0.1, [::1] */
	const char *allow_origin; /* NULL: the same */
	const char *auth_token;   /* a file; NULL: no tokens */
	const char *principal_header;
	const char *trusted_proxy;
	const char *admin_token; /* NULL: no /debug/sessions */
	int tenant_by_host;
	int cors;
	int lazy;
};

enum { OPTIONS_RUN = 0, OPTIONS_DONE = 1, OPTIONS_WRONG = 2 };

/* DONE after --help or --version, WRONG after a line on standard error that says what is. */
int options_parse(struct options *options, int argc, char **argv);

#endif
