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
/* Have all of a batch wait again, before all others; its first slot has been taken. */
void mcpsess_redis_batch_again(
	struct redis_conn *conn, const struct redis_slot *first, uint32_t how);

#endif
