/*
 * What waits is sent in the order it came. Reads that come behind one another and ask the same, but
 * of which records, are one command, which costs the server half of what one for each does; not on
 * a cluster, where each record has a slot of its own.
 */
#ifndef MCPSESS_REDIS_SEND_H
#define MCPSESS_REDIS_SEND_H

#include "conn.h"

enum { REDIS_BATCH_MAX = 32 };

/* Append the commands of all that wait. NOMEM: the connection is to be lost. */
int mcpsess_redis_append_waiting(struct redis_conn *conn);
/*
 * What is said of a batch as a whole must not fail all of it: have each wait again, to be asked
 * alone, before all others. The first slot has been taken.
 */
void mcpsess_redis_dissolve(struct redis_conn *conn, const struct redis_slot *first);

#endif
