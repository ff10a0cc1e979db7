/*
 * mcpsess/jansson.h - for hosts that use jansson: session data and messages as json_t.
 *
 * A thin layer of inline functions over session.h and rpc.h; the library itself needs no
 * jansson. Flags for both: pkg-config mcpsess-jansson. References are named as jansson names them:
 * a function returns a new reference, to be released by json_decref(); borrows one, which stays
 * the caller's; or steals one, whatever comes of it.
 *
 * Where jansson cannot hold what JSON can say (an integer beyond 64 bits, a real beyond double,
 * half a surrogate pair) the function that reads it returns NULL, as without memory.
 *
 * Thread: owner of the session or message.
 */
#ifndef MCPSESS_JANSSON_H
#define MCPSESS_JANSSON_H

#include <jansson.h>

#include <mcpsess/rpc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A JSON text as a value. New reference, or NULL. */
static inline json_t *mcpsess_jansson_load(struct mcpsess_bytes text)
{
	return json_loadb(
		(const char *)text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

/** A value as JSON text, for mcpsess_jansson_free(). Borrows value. NULL: none, or no memory. */
static inline char *mcpsess_jansson_dump(const json_t *value)
{
	return value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
}

/** Free a text of mcpsess_jansson_dump(). NULL is fine. */
static inline void mcpsess_jansson_free(char *text)
{
	json_malloc_t unused;
	json_free_t release;
	json_get_alloc_funcs(&unused, &release);
	(void)unused;
	if (text != NULL) {
		release(text);
	}
}

/** The value under a key. New reference, or NULL: there is none, or it cannot be held. */
static inline json_t *mcpsess_session_get_json(
	const struct mcpsess_session *session, const char *key)
{
	struct mcpsess_bytes text;
	int status = mcpsess_session_get(session, mcpsess_str(key), &text);
	return status == MCPSESS_OK ? mcpsess_jansson_load(text) : NULL;
}

/** Set a key to a value, which it borrows. As mcpsess_session_set(); INVALID for NULL. */
static inline int mcpsess_session_set_json(
	struct mcpsess_session *session, const char *key, const json_t *value)
{
	char *text = mcpsess_jansson_dump(value);
	int status = value != NULL ? MCPSESS_E_NOMEM : MCPSESS_E_INVALID;
	if (text != NULL) {
		status = mcpsess_session_set(session, mcpsess_str(key), mcpsess_str(text));
	}
	mcpsess_jansson_free(text);
	return status;
}

/** As mcpsess_session_set_json(), but it steals the reference. */
static inline int mcpsess_session_set_json_new(
	struct mcpsess_session *session, const char *key, json_t *value)
{
	int status = mcpsess_session_set_json(session, key, value);
	json_decref(value);
	return status;
}

/** All session data as one object, keys in their order. New reference, or NULL. */
static inline json_t *mcpsess_session_data_json(const struct mcpsess_session *session)
{
	json_t *all = json_object();
	size_t i, count = mcpsess_session_key_count(session);
	for (i = 0; all != NULL && i < count; i++) {
		char name[257]; /* keys have at most 256 bytes, and no NUL */
		struct mcpsess_bytes key = mcpsess_session_key(session, i);
		memcpy(name, key.data, key.len);
		name[key.len] = '\0';
		if (json_object_set_new(all, name, mcpsess_session_get_json(session, name)) < 0) {
			json_decref(all);
			all = NULL;
		}
	}
	return all;
}

/** The params of a message. New reference, or NULL. */
static inline json_t *mcpsess_message_params_json(const struct mcpsess_message *message)
{
	return mcpsess_jansson_load(mcpsess_message_params(message));
}

/**
 * Finish a message as mcpsess_message_result() does. Steals the reference; for NULL, and without
 * memory, the client gets an internal error.
 */
static inline enum mcpsess_verdict mcpsess_message_result_json_new(
	struct mcpsess_message *message, json_t *result)
{
	enum mcpsess_verdict verdict;
	char *text = mcpsess_jansson_dump(result);
	json_decref(result);
	if (text != NULL) {
		verdict = mcpsess_message_result(message, mcpsess_str(text));
	} else {
		verdict = mcpsess_message_error(message, MCPSESS_RPC_INTERNAL_ERROR,
			"Internal error: no memory for the result", mcpsess_str(NULL));
	}
	mcpsess_jansson_free(text);
	return verdict;
}

#ifdef __cplusplus
}
#endif

#endif
