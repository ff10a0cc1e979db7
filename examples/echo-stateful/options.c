#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <mcpsess/version.h>

#include "../common/number.h"

enum kind { TEXT, NUMBER, LEVEL, FLAG };

struct rule {
	const char *name;     /* NULL: only the environment sets it */
	const char *variable; /* NULL: only the command line does */
	enum kind kind;
	size_t member;
	unsigned long min, max;
	const char *value; /* in --help */
	const char *help;
};

#define AT(member) offsetof(struct options, member)
static const struct rule rules[] = {
	{ "transport", NULL, TEXT, AT(transport), 0, 0, "http|stdio", "default http" },
	{ "host", "HOST", TEXT, AT(host), 0, 0, "ADDRESS", "default 127.0.0.1" },
	{ "port", "PORT", NUMBER, AT(port), 0, 65535, "NUMBER", "default 3000; 0: a free one" },
	{ "path", NULL, TEXT, AT(path), 0, 0, "PATH", "default /mcp" },
	{ "store", "MCP_SESSION_STORE", TEXT, AT(store), 0, 0, "URI", "default memory:" },
	{ "module-dir", NULL, TEXT, AT(module_dir), 0, 0, "DIR", "where the store's module is" },
	{ "session-timeout", "MCP_SESSION_TIMEOUT", NUMBER, AT(session_timeout), 1, 31536000,
		"SECONDS", "of idleness, default 300; idle= of the store's URI wins" },
	{ "protocol-version", "MCP_PROTOCOL_VERSION", TEXT, AT(protocol_version), 0, 0, "VERSION",
		"the newest to offer" },
	{ "drain-delay", "DRAIN_DELAY", NUMBER, AT(drain_delay), 0, 3600, "SECONDS",
		"go on serving after SIGTERM, while /health says 503; default 0" },
	{ "log-file", "LOG_FILE", TEXT, AT(log_file), 0, 0, "FILE", "default standard error" },
	{ "log-level", "LOG_LEVEL", LEVEL, AT(log_level), 0, 0, "LEVEL",
		"error, warn, info (default) or debug; DEBUG=true means debug" },
	{ "server-name", "MCP_SERVER_NAME", TEXT, AT(server_name), 0, 0, "NAME", "for clients" },
	{ "server-version", "MCP_SERVER_VERSION", TEXT, AT(server_version), 0, 0, "TEXT",
		"for clients" },
	{ "allow-host", "ALLOWED_HOSTS", TEXT, AT(allow_host), 0, 0, "LIST",
		"accepted Host headers, *.example.com too; default localhost, 127.0.0.1, [::1], "
		"a --host of 127.*" },
	{ "allow-origin", "ALLOWED_ORIGINS", TEXT, AT(allow_origin), 0, 0, "LIST",
		"accepted Origin headers; default those of the accepted hosts" },
	{ "cors", NULL, FLAG, AT(cors), 0, 0, NULL, "let pages of accepted origins call" },
	{ "lazy", NULL, FLAG, AT(lazy), 0, 0, NULL, "begin a session at any first request" },
	{ "tenant-by-host", NULL, FLAG, AT(tenant_by_host), 0, 0, NULL,
		"keep the sessions of each Host apart" },
	{ "auth-token", NULL, TEXT, AT(auth_token), 0, 0, "FILE",
		"bearer tokens, lines of \"token principal\"" },
	{ "principal-header", NULL, TEXT, AT(principal_header), 0, 0, "NAME",
		"whom a proxy has authenticated; with --trusted-proxy" },
	{ "trusted-proxy", NULL, TEXT, AT(trusted_proxy), 0, 0, "CIDR",
		"where that proxy is: 10.0.0.0/8" },
	{ NULL, "ADMIN_TOKEN", TEXT, AT(admin_token), 0, 0, NULL,
		"bearer token of /debug/sessions, which is not there without" },
};
#undef AT

enum { RULES = sizeof(rules) / sizeof(rules[0]), HELP = 1000, VERSION };

static int wrong(const struct rule *rule, const char *value, int from_environment)
{
	fprintf(stderr, "echo-stateful: %s%s cannot be \"%s\"\n", from_environment ? "" : "--",
		from_environment ? rule->variable : rule->name, value);
	return OPTIONS_WRONG;
}

static int set(struct options *options, const struct rule *rule, const char *value)
{
	void *member = (char *)options + rule->member;
	int level;
	switch (rule->kind) {
	case TEXT:
		*(const char **)member = value;
		return 0;
	case NUMBER:
		return number_read(value, rule->min, rule->max, member);
	case LEVEL:
		level = mcpsess_log_level_parse(mcpsess_str(value));
		*(enum mcpsess_log_level *)member = (enum mcpsess_log_level)level;
		return level < 0 ? -1 : 0;
	default:
		*(int *)member = 1;
		return 0;
	}
}

static void print_help(void)
{
	puts("echo-stateful [OPTION...]: an MCP server that remembers its clients\n");
	for (size_t i = 0; i < RULES; i++) {
		char left[40] = "";
		if (rules[i].name != NULL) {
			snprintf(left, sizeof(left), "--%s %s", rules[i].name,
				rules[i].value != NULL ? rules[i].value : "");
		}
		printf("  %-30s %-21s%s\n", left,
			rules[i].variable != NULL ? rules[i].variable : "", rules[i].help);
	}
	puts("\nThe words in capitals in the middle are environment variables.");
}

static int read_environment(struct options *options)
{
	const char *debug = getenv("DEBUG");
	if (debug != NULL && strcasecmp(debug, "true") == 0) {
		options->log_level = MCPSESS_LOG_DEBUG;
	}
	for (size_t i = 0; i < RULES; i++) {
		const char *value = rules[i].variable != NULL ? getenv(rules[i].variable) : NULL;
		if (value != NULL && value[0] != '\0' && set(options, &rules[i], value) < 0) {
			return wrong(&rules[i], value, 1);
		}
	}
	return OPTIONS_RUN;
}

static int read_arguments(struct options *options, int argc, char **argv)
{
	struct option known[RULES + 3] = { { "help", no_argument, NULL, HELP },
		{ "version", no_argument, NULL, VERSION } };
	size_t count = 2;
	for (int i = 0; i < RULES; i++) {
		if (rules[i].name != NULL) {
			int has = rules[i].kind == FLAG ? no_argument : required_argument;
			known[count++] = (struct option){ rules[i].name, has, NULL, i };
		}
	}
	int which;
	while ((which = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (which == HELP) {
			print_help();
			return OPTIONS_DONE;
		}
		if (which == VERSION) {
			printf("echo-stateful, libmcpsess %s\n", mcpsess_version());
			return OPTIONS_DONE;
		}
		if (which == '?') {
			return OPTIONS_WRONG;
		}
		if (set(options, &rules[which], optarg) < 0) {
			return wrong(&rules[which], optarg, 0);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "echo-stateful: what is \"%s\"?\n", argv[optind]);
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

static int check(const struct options *options)
{
	const char *why = NULL;
	if (strcmp(options->transport, "http") != 0 && strcmp(options->transport, "stdio") != 0) {
		why = "--transport is http or stdio";
	} else if (options->path[0] != '/') {
		why = "--path begins with a slash";
	} else if ((options->principal_header == NULL) != (options->trusted_proxy == NULL)) {
		why = "--principal-header and --trusted-proxy need each other";
	} else if (options->principal_header != NULL && options->auth_token != NULL) {
		why = "--auth-token and --principal-header exclude each other";
	}
	if (why != NULL) {
		fprintf(stderr, "echo-stateful: %s\n", why);
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

int options_parse(struct options *options, int argc, char **argv)
{
	memset(options, 0, sizeof(*options));
	options->transport = "http";
	options->host = "127.0.0.1";
	options->port = 3000;
	options->path = "/mcp";
	options->store = "memory:";
	options->session_timeout = 300;
	options->log_level = MCPSESS_LOG_INFO;
	options->server_name = "mcp-echo-streamablehttp-stateful";
	options->server_version = MCPSESS_VERSION;
	int status = read_environment(options);
	if (status == OPTIONS_RUN) {
		status = read_arguments(options, argc, argv);
	}
	return status == OPTIONS_RUN ? check(options) : status;
}
