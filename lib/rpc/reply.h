/* The bytes that go back: one reply, or the array of a batch. */
#ifndef MCPSESS_RPC_REPLY_H
#define MCPSESS_RPC_REPLY_H

#include "rpc/rpc.h"

/* Append the present item's answer. A notification or response gets none. */
void mcpsess_reply_result(struct mcpsess_message *message, struct mcpsess_bytes json);
/* data is JSON text or empty. Without id where the item has none. */
void mcpsess_reply_error(struct mcpsess_message *message, int code, struct mcpsess_bytes text,
	struct mcpsess_bytes data);
/* Take back what the present item appended. */
void mcpsess_reply_retract(struct mcpsess_message *message);

/* Answer the present item with what a failed status means to a client; the cause is counted. */
void mcpsess_reply_failure(struct mcpsess_message *message, int status);

/*
 * The same for the message as a whole, which is over: its status is what the transport maps.
 * Returns MCPSESS_REPLY.
 */
int mcpsess_refuse(struct mcpsess_message *message, int status);
/* With words of its own. */
int mcpsess_refuse_with(struct mcpsess_message *message, int status, enum mcpsess_refused cause,
	int code, const char *text);

#endif
