/* How the parts of a message's life hand over to each other. */
#ifndef MCPSESS_RPC_MESSAGE_H
#define MCPSESS_RPC_MESSAGE_H

#include "rpc/rpc.h"

/*
 * Go on with step once the store has answered: at once when status says that it has, else later,
 * and then the verdict now is MCPSESS_WAIT. Returns what a step returns: a verdict or
 * MCPSESS_STEP_NEXT.
 */
int mcpsess_message_await(struct mcpsess_message *message, int status, mcpsess_message_step *step);

/* Serve items until there is a verdict; next is what a step returned. */
enum mcpsess_verdict mcpsess_message_run(struct mcpsess_message *message, int next);

/* Hand the present item to the host. Returns MCPSESS_DISPATCH. */
int mcpsess_message_dispatch(struct mcpsess_message *message);

/* Write the session's changes, then answer the present item with json; empty: no answer. */
int mcpsess_message_answer(struct mcpsess_message *message, struct mcpsess_bytes json);

/* The present item cannot be served: its changes are dropped and its client is told. */
int mcpsess_message_fail(struct mcpsess_message *message, int status);

/* Ready message->session for node-local pointers. */
void mcpsess_message_init_locals(struct mcpsess_message *message);

#endif
