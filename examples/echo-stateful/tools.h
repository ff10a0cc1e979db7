/* The tools. They know messages and sessions, and nothing of how either came. */
#ifndef ECHO_TOOLS_H
#define ECHO_TOOLS_H

#include <jansson.h>

#include <mcpsess/rpc.h>

#include "text.h"

/* Answer a dispatched message. */
enum mcpsess_verdict tools_handle(struct mcpsess_message *message);

/* How long the call wants to wait before it is handled: echo has a delay. Mostly 0. */
uint64_t tools_delay_ms(struct mcpsess_message *message);

/* -- for the files that make up the tools ----------------------------------------------------- */

/* Each answers one tools/call; the session is never NULL. */
enum mcpsess_verdict tool_echo(struct mcpsess_message *message);
enum mcpsess_verdict tool_replay_last_echo(struct mcpsess_message *message);
enum mcpsess_verdict tool_set_session_data(struct mcpsess_message *message);
enum mcpsess_verdict tool_get_session_data(struct mcpsess_message *message);
enum mcpsess_verdict tool_get_session_info(struct mcpsess_message *message);
enum mcpsess_verdict tool_session_info(struct mcpsess_message *message);

/* Seconds of echo's delay; -1 when it is not 0 to 60. */
double tool_echo_delay(struct mcpsess_message *message);

/*
 * 1 and the string, to be released; 0: no such argument; -1: it is no string; -2: it is one with
 * half a surrogate pair, which is JSON but no text.
 */
int tool_string(struct mcpsess_message *message, const char *name, json_t **out);

/* The name that the client gave itself, escaped. */
void tool_put_client(struct text *text, const struct mcpsess_session *session);

/*
 * Answer what the caller of the tool can mend, wrong arguments included: a tool result that says
 * so, which a model reads, not a protocol error, which it does not (2025-11-25, Tools, Errors).
 */
enum mcpsess_verdict tool_failed(struct mcpsess_message *message, const char *why);

/* Answer with a result that is built, and free it. */
enum mcpsess_verdict tool_finish(struct mcpsess_message *message, struct text *result);

/* Answer with a JSON text as a text block, and with an object as structuredContent; free both. */
enum mcpsess_verdict tool_finish_json(
	struct mcpsess_message *message, struct text *block, struct text *object);

#endif
