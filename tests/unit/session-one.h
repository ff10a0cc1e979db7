/* For tests of one session of one owner. */
#ifndef MCPSESS_TESTS_SESSION_ONE_H
#define MCPSESS_TESTS_SESSION_ONE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "fake-store.h"
#include "session/session.h"

static struct mcp_session_store *store;

static inline int open_store(void **state)
{
	(void)state;
	store = fake_open("fake:", NULL);
	return 0;
}

static inline int close_store(void **state)
{
	(void)state;
	mcp_session_store_close(store);
	return 0;
}

static inline struct mcpsess_session_place place(void)
{
	struct mcpsess_session_place place = { .store = store };
	place.tenant = mcpsess_str("tenant");
	place.principal = mcpsess_str("alice");
	return place;
}

static inline struct mcpsess_session *create(void)
{
	struct mcpsess_session_place here = place();
	struct mcpsess_session *session = NULL;
	assert_int_equal(mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, NULL),
		MCPSESS_OK);
	return session;
}

static inline int load(struct mcpsess_bytes id, struct mcpsess_session **out)
{
	struct mcpsess_session_place here = place();
	return mcpsess_session_load(&here, id, out, NULL);
}

static inline void save(struct mcpsess_session *session)
{
	assert_int_equal(mcpsess_session_save(session, NULL), MCPSESS_OK);
}

static inline struct mcpsess_session *reload(struct mcpsess_session *session)
{
	struct mcpsess_session *again = NULL;
	save(session);
	assert_int_equal(load(mcpsess_session_id(session), &again), MCPSESS_OK);
	mcpsess_session_destroy(session);
	return again;
}

static inline int set(struct mcpsess_session *session, const char *key, const char *json)
{
	return mcpsess_session_set(session, mcpsess_str(key), mcpsess_str(json));
}

static inline void assert_text(struct mcpsess_bytes bytes, const char *text)
{
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.len);
}

static inline void assert_value(struct mcpsess_session *session, const char *key, const char *json)
{
	struct mcpsess_bytes value;
	assert_int_equal(mcpsess_session_get(session, mcpsess_str(key), &value), MCPSESS_OK);
	assert_text(value, json);
}

/* Keys separated by blanks. */
static inline void assert_keys(struct mcpsess_session *session, const char *keys)
{
	char text[256] = "";
	size_t len = 0;
	for (size_t i = 0; i < mcpsess_session_key_count(session); i++) {
		struct mcpsess_bytes key = mcpsess_session_key(session, i);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", i > 0 ? " " : "",
			(int)key.len, (const char *)key.data);
	}
	assert_string_equal(text, keys);
	assert_int_equal(mcpsess_session_key(session, mcpsess_session_key_count(session)).len, 0);
}

#endif
