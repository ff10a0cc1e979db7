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
	/* Gets as the store's settings have them, for connections that keep plans. */
	STATEMENT_LOOK,
	STATEMENT_LOOK_OF_OWNER,
	STATEMENT_LOOK_AT_MANY,
	STATEMENT_LOOK_AT_MANY_OF_OWNERS,
	POSTGRES_STATEMENTS
};

/* What a schema's name is made of: it needs no more than quotes. */
#define POSTGRES_SCHEMA_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

enum { POSTGRES_PARAMETERS = 13, POSTGRES_SCHEMA_MAX = 40, POSTGRES_NAME = 32 };

/*
 * The columns of an answer, in their order in the rows of all statements but the looks, READ_MANY,
 * the lists, SWEEP and STATS. All but the bytes are of type bigint.
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
	COLUMNS
};

/*
 * Of the looks and READ_MANY: numbers from COLUMN_NOW to COLUMN_STATE, then these. Of a look at one
 * record the first is a timestamp.
 */
enum postgres_look_column {
	LOOK_PAYLOAD = COLUMN_STATE - COLUMN_NOW + 1,
	LOOK_INSTEAD, /* all columns of an answer as a record, where that is not NULL */
	LOOK_COLUMNS,
	LOOK_INDEX = LOOK_COLUMNS, /* of many: from 1 */
	LOOK_COLUMNS_OF_MANY
};

/* Of an entry, as in the rows of the lists. */

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

/* What stands for the signs in the texts. */
struct postgres_words {
	const char *schema; /* "@", and quotes around it */
	const char *commit; /* "#": what makes a write as durable as this says; "": nothing */
	const char *idle;   /* "^": of a get; 0 where no touch is ever due */
	const char *terms;  /* "~": flags, idle, throttle and tombstone of a get */
};

/* Write text to out with its words. Returns the length without the NUL; NULL: only measures. */
size_t mcpsess_postgres_expand(const char *text, const struct postgres_words *words, char *out);

/* The name of an expanded text's plan: another for each text. */
void mcpsess_postgres_name(const char *text, char out[POSTGRES_NAME]);

/* PING where there is no schema any more: an answer without anything behind it. */
extern const char mcpsess_postgres_nothing[];

/* The text of a statement before expansion. */
const char *mcpsess_postgres_text(enum postgres_statement statement);

#endif
