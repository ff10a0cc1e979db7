/* The SQL that verbs are: most of them call functions, which schema.c makes. */
#ifndef MCPSESS_POSTGRES_STATEMENT_H
#define MCPSESS_POSTGRES_STATEMENT_H

#include <stddef.h>

enum postgres_statement {
	STATEMENT_READ,
	STATEMENT_MAKE,
	STATEMENT_WRITE,
	STATEMENT_REMOVE,
	STATEMENT_ROTATE,
	STATEMENT_END_OWNER,
	STATEMENT_REDEEM,
	STATEMENT_PING,
	STATEMENT_LIST_ALL,
	STATEMENT_LIST_OWNER,
	STATEMENT_SWEEP,
	STATEMENT_STATS,
	STATEMENT_READ_MANY,
	/* As the two reads, for connections that keep plans: they need no function while all is
	   plain. */
	STATEMENT_READ_PLANNED,
	STATEMENT_READ_MANY_PLANNED,
	POSTGRES_STATEMENTS
};

/* What a schema's name is made of: it needs no more than quotes. */
#define POSTGRES_SCHEMA_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

enum { POSTGRES_PARAMETERS = 12, POSTGRES_SCHEMA_MAX = 40, POSTGRES_NAME = 32 };

/*
 * The columns of an answer, in their order in the rows of all statements but the lists, SWEEP and
 * STATS, and of an entry, as in the rows of the lists. All but the bytes are of type bigint.
 */
enum postgres_column {
	COLUMN_STATUS,
	COLUMN_NOW,
	COLUMN_REVISION,
	COLUMN_CREATED,
	COLUMN_SEEN,
	COLUMN_EXPIRES,
	COLUMN_DEADLINE,
	COLUMN_REQUESTS,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_KIND,
	COLUMN_STATE,
	COLUMN_OWNER,
	COLUMN_PAYLOAD,
	COLUMNS,
	COLUMN_INSTEAD = COLUMNS, /* of reads: all of it as a record, where that is not NULL */
	COLUMNS_OF_READ,
	COLUMN_INDEX = COLUMNS_OF_READ, /* of READ_MANY: from 1 */
	COLUMNS_OF_MANY
};

enum postgres_entry_column {
	ENTRY_KEY,
	ENTRY_OWNER,
	ENTRY_LIVE,
	ENTRY_NOW,
	ENTRY_REVISION,
	ENTRY_CREATED,
	ENTRY_SEEN,
	ENTRY_EXPIRES,
	ENTRY_DEADLINE,
	ENTRY_REQUESTS,
	ENTRY_LENGTH,
	ENTRY_KIND,
	ENTRY_STATE,
	ENTRY_COLUMNS
};

/* What MAKE and ROTATE answer beside the results, when another try may do better. */
enum { POSTGRES_IN_THE_WAY = 1, POSTGRES_FULL = 2, POSTGRES_OWNER_FULL = 3 };

/*
 * Write text to out, "@" replaced by the schema in quotes and "#" by what makes a write as durable
 * as commit says. Returns the length without the NUL; with out NULL it only measures.
 */
size_t mcpsess_postgres_expand(const char *text, const char *schema, const char *commit, char *out);

/* The name of an expanded text's plan: another for each text. */
void mcpsess_postgres_name(const char *text, char out[POSTGRES_NAME]);

/* PING where there is no schema any more: an answer without anything behind it. */
extern const char mcpsess_postgres_nothing[];

/* The text of a statement before expansion. */
const char *mcpsess_postgres_text(enum postgres_statement statement);

#endif
