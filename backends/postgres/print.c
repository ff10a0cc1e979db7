/* mcpsess-postgres-schema: what migrate=create would do, for those who do it themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "statement.h"

static const char usage[] =
	"Usage: mcpsess-postgres-schema [SCHEMA]\n"
	"Print the SQL that makes a schema, mcpsess unless named, for sessions in PostgreSQL, or\n"
	"brings it up from any older version. Feed it to psql -v ON_ERROR_STOP=1.\n";

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
	static char text[65536];
	const char *schema = argc > 1 ? argv[1] : "mcpsess";
	size_t len = strspn(schema, POSTGRES_SCHEMA_LETTERS);
	if (argc > 2 || schema[len] != '\0' || len == 0 || len > POSTGRES_SCHEMA_MAX ||
		mcpsess_postgres_schema(NULL) >= sizeof(text)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	mcpsess_postgres_schema(text);
	print(text, schema);
	return EXIT_SUCCESS;
}
