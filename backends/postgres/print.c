/* mcpsess-postgres-schema: what migrate=create would do, for those who do it themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "statement.h"

static const char usage[] =
	"Usage: mcpsess-postgres-schema [SCHEMA [VERSION]]\n"
	"Print the SQL that makes a schema, mcpsess unless named, for sessions in PostgreSQL, or\n"
	"brings it up from an older version. Feed it to psql -v ON_ERROR_STOP=1.\n";

/* A character at a time: the longest that one becomes is the schema in quotes. */
static void print(const char *text, const char *schema)
{
	const struct postgres_words words = { .schema = schema, .commit = "" };
	char one[2] = "", out[POSTGRES_SCHEMA_MAX + 3];
	for (; *text != '\0'; text++) {
		one[0] = *text;
		mcpsess_postgres_expand(one, &words, out);
		fputs(out, stdout);
	}
}

int main(int argc, char **argv)
{
	static char steps[65536];
	const char *schema = argc > 1 ? argv[1] : "mcpsess";
	int version = argc > 2 ? atoi(argv[2]) : 0;
	size_t len = strspn(schema, POSTGRES_SCHEMA_LETTERS);
	if (argc > 3 || schema[len] != '\0' || len == 0 || len > POSTGRES_SCHEMA_MAX ||
		version < 0 || version >= mcpsess_postgres_version() ||
		mcpsess_postgres_steps(version, NULL) >= sizeof(steps)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	mcpsess_postgres_steps(version, steps);
	print(mcpsess_postgres_ground, schema);
	print(steps, schema);
	return EXIT_SUCCESS;
}
