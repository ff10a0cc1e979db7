/* The schema, as numbered steps forward: what is in the database is the number of steps done. */
#ifndef MCPSESS_POSTGRES_SCHEMA_H
#define MCPSESS_POSTGRES_SCHEMA_H

#include <stddef.h>

/* How many there are: the version that this library makes and understands. */
int mcpsess_postgres_version(void);

/* Begin a transaction, take its lock, make what is missing of the ground, and select the version.
 */
extern const char mcpsess_postgres_ground[];

/*
 * Write the steps that follow a version to out, the new version's number and the commit behind
 * them; "@" stands for the schema. Returns the length without the NUL; with out NULL it measures.
 */
size_t mcpsess_postgres_steps(int version, char *out);

#endif
