/* The schema, as numbered steps forward: what is in the database is the number of steps done. */
#ifndef MCPSESS_POSTGRES_SCHEMA_H
#define MCPSESS_POSTGRES_SCHEMA_H

#include <stddef.h>

/* How many there are: the version that this library makes and understands. */
int mcpsess_postgres_version(void);

/*
 * Write what brings a schema of any version up to this one to out, in a transaction and under its
 * lock; "@" stands for the schema. One that is up to date stays as it is, and one of a newer
 * library that does not serve this one is an error. Returns the length without the NUL; with out
 * NULL it measures.
 */
size_t mcpsess_postgres_schema(char *out);

#endif
