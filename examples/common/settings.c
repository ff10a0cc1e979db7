#include "settings.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loopback.h"
#include "number.h"
#include "schema.h"

struct rule {
	const char *name, *variable;
	size_t member;
	unsigned long min, max; /* of a number; 0: a text */
	const char *value, *help;
};

#define AT(member) offsetof(struct settings, member)
static const struct rule rules[] = {
	{ "host", "HOST", AT(host), 0, 0, "ADDRESS", "default 127.0.0.1" },
	{ "port", "PORT", AT(port), 0, 65535, "NUMBER", "default 3000; 0: a free one" },
	{ "path", NULL, AT(path), 0, 0, "PATH", "default /mcp" },
	{ "store", "MCP_SESSION_STORE", AT(store), 0, 0, "URI", "default memory:" },
	{ "module-dir", "MCP_MODULE_DIR", AT(options.module_dir), 0, 0, "DIR",
		"where the store's module is" },
	{ "session-timeout", "MCP_SESSION_TIMEOUT", AT(session_timeout), 1, 31536000, "SECONDS",
		"of idleness, default 300; idle= of the URI wins" },
	{ "protocol-version", "MCP_PROTOCOL_VERSION", AT(protocol_version), 0, 0, "VERSION",
		"the newest to offer" },
	{ "server-name", "MCP_SERVER_NAME", AT(server_name), 0, 0, "NAME", "for clients" },
	{ "server-version", "MCP_SERVER_VERSION", AT(server_version), 0, 0, "TEXT", "for clients" },
	{ "allow-host", "ALLOWED_HOSTS", AT(allow_host), 0, 0, "LIST",
		"accepted Host headers; default localhost, 127.0.0.1, [::1], a --host of 127.*" },
};
#undef AT

enum { RULES = sizeof(rules) / sizeof(rules[0]), HELP = 1000, WRONG_USAGE = 2 };

static void print_help(FILE *out, const char *program)
{
	fprintf(out, "%s [OPTION...]\n\n", program);
	for (size_t i = 0; i < RULES; i++) {
		char left[40];
		snprintf(left, sizeof(left), "--%s %s", rules[i].name, rules[i].value);
		fprintf(out, "  %-28s %-21s%s\n", left,
			rules[i].variable != NULL ? rules[i].variable : "", rules[i].help);
	}
	fputs("\nThe words in capitals in the middle are environment variables.\n", out);
}

/* The name is the option's or the variable's, as its giver knows it. */
static void set(struct settings *out, const char *program, size_t which, const char *name,
	const char *value)
{
	void *member = (char *)out + rules[which].member;
	if (rules[which].max == 0) {
		*(const char **)member = value;
	} else if (number_read(value, rules[which].min, rules[which].max, member) < 0) {
		fprintf(stderr, "%s: %s cannot be \"%s\"\n", program, name, value);
		exit(WRONG_USAGE);
	}
}

static void read_environment(struct settings *out, const char *program)
{
	for (size_t i = 0; i < RULES; i++) {
		const char *variable = rules[i].variable;
		const char *value = variable != NULL ? getenv(variable) : NULL;
		if (value != NULL && value[0] != '\0') {
			set(out, program, i, variable, value);
		}
	}
}

static void read_arguments(struct settings *out, const char *program, int argc, char **argv)
{
	struct option known[RULES + 2] = { { NULL, 0, NULL, 0 } };
	int which;
	for (int i = 0; i < RULES; i++) {
		known[i] = (struct option){ rules[i].name, required_argument, NULL, i };
	}
	known[RULES] = (struct option){ "help", no_argument, NULL, HELP };
	while ((which = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (which == HELP || which == '?') {
			print_help(which == HELP ? stdout : stderr, program);
			exit(which == HELP ? EXIT_SUCCESS : WRONG_USAGE);
		}
		set(out, program, (size_t)which, rules[which].name, optarg);
	}
	if (optind < argc) {
		fprintf(stderr, "%s: what is \"%s\"?\n", program, argv[optind]);
		exit(WRONG_USAGE);
	}
}

void settings_read(struct settings *out, const char *name, int argc, char **argv)
{
	memset(out, 0, sizeof(*out));
	out->host = "127.0.0.1";
	out->port = 3000;
	out->path = "/mcp";
	out->store = "memory:";
	out->session_timeout = 300;
	out->server_name = name;
	out->server_version = "1.0";
	read_environment(out, name);
	read_arguments(out, name, argc, argv);
	if (out->path[0] != '/') {
		fprintf(stderr, "%s: path begins with a slash\n", name);
		exit(WRONG_USAGE);
	}
	if (out->allow_host == NULL) {
		out->allow_host = loopback_hosts(out->host, out->hosts, sizeof(out->hosts));
	}
	out->options.size = sizeof(out->options);
	out->options.idle_ms = (uint64_t)out->session_timeout * 1000;
	out->store = schema_created(out->store, out->created, sizeof(out->created));
}
