#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <mcpsess/version.h>

enum kind { TEXT, NUMBER, FLAG };

struct rule {
	char letter; /* as in commands[]; a capital is for every command */
	enum kind kind;
	const char *name;
	size_t member;
	unsigned long min, max;
	const char *value, *help;
};

#define AT(member) offsetof(struct tool, member)
static const struct rule rules[] = {
	{ 'S', TEXT, "store", AT(store), 0, 0, "URI", "the store; or MCP_SESSION_STORE" },
	{ 'J', FLAG, "json", AT(json), 0, 0, NULL, "answer with JSON" },
	{ 'M', TEXT, "module-dir", AT(module_dir), 0, 0, "DIR", "where modules are" },
	{ 't', TEXT, "tenant", AT(tenant), 0, 0, "TENANT", "of ids and principals" },
	{ 'o', TEXT, "owner", AT(owner), 0, 0, "PRINCIPAL", "only theirs; \"\" is nobody" },
	{ 'a', FLAG, "all", AT(all), 0, 0, NULL, "all pages" },
	{ 'l', NUMBER, "limit", AT(limit), 1, 1000, "N", "sessions of a page; 100" },
	{ 'c', TEXT, "cursor", AT(cursor), 0, 0, "CURSOR", "go on from there" },
	{ 'v', FLAG, "values", AT(values), 0, 0, NULL, "show the data itself" },
	{ 'i', FLAG, "id", AT(is_id), 0, 0, NULL, "it is an id, whatever it looks like" },
	{ 'r', FLAG, "ref", AT(is_ref), 0, 0, NULL, "it is a ref, whatever it looks like" },
	{ 'p', FLAG, "print", AT(print), 0, 0, NULL, "print the steps, do nothing" },
	{ 'y', TEXT, "only", AT(only), 0, 0, "TEXT", "cases whose MODE/NAME contains it" },
	{ 'f', FLAG, "fast", AT(fast), 0, 0, NULL, "leave out what waits for the clock" },
	{ 'w', NUMBER, "interval", AT(interval), 1, 3600, "SECONDS", "between looks; 2" },
	{ 'n', NUMBER, "count", AT(count), 1, 1000000000, "N", "end after as many looks" },
	{ 's', NUMBER, "seconds", AT(seconds), 1, 3600, "N", "how long; 5" },
	{ 'T', NUMBER, "threads", AT(threads), 1, 64, "N", "how many at a time; 4" },
};
#undef AT

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

static void print_rule(const struct rule *rule)
{
	char left[32];
	snprintf(left, sizeof(left), "--%s %s", rule->name, rule->value != NULL ? rule->value : "");
	printf("  %-22s %s\n", left, rule->help);
}

static int takes(const struct command *command, const struct rule *rule)
{
	return strchr("SJM", rule->letter) != NULL ||
	       strchr(command->options, rule->letter) != NULL;
}

static void print_help(const struct command *only)
{
	puts("Usage: mcpsess [--store URI] [--json] COMMAND [OPTION...]\n"
	     "Look after the sessions of a store.\n");
	for (const struct command *command = commands; command->name != NULL; command++) {
		if (only == NULL || only == command) {
			char left[32];
			snprintf(left, sizeof(left), "%s %s", command->name,
				command->operand != NULL ? command->operand : "");
			printf("  %-22s %s\n", left, command->help);
		}
	}
	puts("");
	for (size_t i = 0; i < RULES; i++) {
		if (only == NULL || takes(only, &rules[i])) {
			print_rule(&rules[i]);
		}
	}
	puts("\nExit status: 0; 1: not found or failed; 2: wrong usage; 3: store unavailable.");
}

__attribute__((format(printf, 2, 3))) static const struct command *wrong(
	int *status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("mcpsess: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see mcpsess --help\n", stderr);
	*status = TOOL_USAGE;
	return NULL;
}

static int set(struct tool *tool, const struct rule *rule, const char *value)
{
	void *member = (char *)tool + rule->member;
	char *end;
	if (rule->kind == TEXT) {
		*(const char **)member = value;
	} else if (rule->kind == FLAG) {
		*(int *)member = 1;
	} else {
		errno = 0;
		unsigned long number = strtoul(value, &end, 10);
		if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 ||
			number < rule->min || number > rule->max) {
			return -1;
		}
		*(unsigned long *)member = number;
	}
	return 0;
}

/* An id or a ref may begin with dashes too, but no option is as long as one. */
static int is_option(const char *argument)
{
	return strncmp(argument, "--", 2) == 0 &&
	       (strlen(argument) < MCPSESS_ID_MIN || strchr(argument, '=') != NULL);
}

/* The rule of "--name" or "--name=value": its number, RULES when there is none. */
static int find_rule(const char *argument)
{
	size_t len = strcspn(argument + 2, "=");
	int i = 0;
	while (i < RULES &&
		(strlen(rules[i].name) != len || memcmp(rules[i].name, argument + 2, len) != 0)) {
		i++;
	}
	return i;
}

/* Take one option, and the argument after it where that is its value: how many; 0: it is wrong. */
static int take_option(struct tool *tool, char **arguments, int given[RULES], int *status)
{
	int which = find_rule(arguments[0]), used = 1;
	const char *value = strchr(arguments[0], '=');
	if (which == RULES) {
		wrong(status, "there is no option %s", arguments[0]);
		return 0;
	}
	if (rules[which].kind != FLAG && value == NULL) {
		value = arguments[1];
		used = 2;
	} else if (value != NULL) {
		value++;
	}
	if ((rules[which].kind == FLAG) != (value == NULL)) {
		wrong(status,
			rules[which].kind == FLAG ? "--%s takes no value" : "--%s needs a value",
			rules[which].name);
		return 0;
	}
	if (set(tool, &rules[which], value) < 0) {
		wrong(status, "--%s takes a number from %lu to %lu", rules[which].name,
			rules[which].min, rules[which].max);
		return 0;
	}
	given[which] = 1;
	return used;
}

/* The options, wherever they stand; the rest moves to the front. How many that are; -1: it is over.
 */
static int read_options(
	struct tool *tool, int argc, char **argv, int given[RULES], int *help, int *status)
{
	int rest = 0, used, all = 0;
	for (int i = 1; i < argc; i += used) {
		used = 1;
		if (all || !is_option(argv[i])) {
			argv[rest++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			all = 1;
		} else if (strcmp(argv[i], "--help") == 0) {
			*help = 1;
		} else if (strcmp(argv[i], "--version") == 0) {
			printf("mcpsess %s\n", mcpsess_version());
			*status = TOOL_OK;
			return -1;
		} else {
			used = take_option(tool, &argv[i], given, status);
			if (used == 0) {
				return -1;
			}
		}
	}
	return rest;
}

static const struct command *named(const char *name)
{
	for (const struct command *command = commands; command->name != NULL; command++) {
		if (name != NULL && strcmp(command->name, name) == 0) {
			return command;
		}
	}
	return NULL;
}

static const struct command *check(
	struct tool *tool, const struct command *command, const int given[RULES], int *status)
{
	for (size_t i = 0; i < RULES; i++) {
		if (given[i] && !takes(command, &rules[i])) {
			return wrong(status, "--%s is for another command", rules[i].name);
		}
	}
	if (tool->operand != NULL && command->operand_is_store) {
		tool->store = tool->operand;
	}
	if (tool->store == NULL || tool->store[0] == '\0') {
		return wrong(
			status, "%s: which store? --store or MCP_SESSION_STORE", command->name);
	}
	/* A tenant is part of a hash: there is nothing to look for it by. */
	if (tool->tenant[0] != '\0' && tool->owner == NULL &&
		strchr(command->options, 'i') == NULL) {
		return wrong(status, "%s: --tenant goes with --owner", command->name);
	}
	if (tool->is_id && tool->is_ref) {
		return wrong(status, "%s takes an id or a ref, not both", command->name);
	}
	return command;
}

const struct command *options_parse(struct tool *tool, int argc, char **argv, int *status)
{
	int given[RULES] = { 0 };
	*tool = (struct tool){ .tenant = "", .store = getenv("MCP_SESSION_STORE") };
	tool->seconds = 5;
	tool->threads = 4;
	tool->limit = 100;
	tool->interval = 2;
	int help = 0, rest = read_options(tool, argc, argv, given, &help, status);
	if (rest < 0) {
		return NULL;
	}
	const struct command *command = named(rest > 0 ? argv[0] : NULL);
	if (help) {
		print_help(command);
		*status = TOOL_OK;
		return NULL;
	}
	if (command == NULL) {
		return rest > 0 ? wrong(status, "there is no command %s", argv[0])
				: wrong(status, "a command is missing");
	}
	if (rest > 2 || (rest > 1 && command->operand == NULL)) {
		return wrong(status, "%s is one too many", argv[rest - 1]);
	}
	tool->operand = rest > 1 ? argv[1] : NULL;
	return check(tool, command, given, status);
}
