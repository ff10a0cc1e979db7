/*
 * A store of one record, scheme "moody": whatever key is asked for is that record's. Each verb ends
 * as it is told to, at once or at the next dispatch.
 */
#ifndef TESTS_UNIT_MOODY_H
#define TESTS_UNIT_MOODY_H

#include <mcpsess/backend.h>

struct mood {
	int status; /* of every verb */
	int pends;  /* verbs from now on */
	struct mcp_session_store_call *pending;
	char payload[4096];
	size_t len;
};

extern struct mood mood;

/* Of good mood, without a record, and known. */
void moody_reset(void);

#endif
