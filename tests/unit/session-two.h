/* For tests of one session that two nodes have loaded: mine and theirs. */
#ifndef MCPSESS_TESTS_SESSION_TWO_H
#define MCPSESS_TESTS_SESSION_TWO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "fake-store.h"
#include "session/session.h"

static struct mcp_session_store *store;
static struct mcpsess_session *mine, *theirs;

static inline struct mcpsess_session *load(void)
{
	struct mcpsess_session_place here = { .store = store };
	struct mcpsess_session *session = NULL;
	assert_int_equal(
		mcpsess_session_load(&here, mcpsess_session_id(mine), &session, NULL), MCPSESS_OK);
	return session;
}

/* One session, seen from two nodes. */
static inline void open_both(int tells_payload, int keeps_tokens)
{
	fake_tells_payload = tells_payload;
	fake_keeps_tokens = keeps_tokens;
	store = fake_open("fake:", NULL);
	struct mcpsess_session_place here = { .store = store, .max_data = 400 };
	assert_int_equal(
		mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &mine, NULL), MCPSESS_OK);
	assert_int_equal(mcpsess_session_save(mine, NULL), MCPSESS_OK);
	theirs = load();
	fake_calls[FAKE_STORE] = 0;
	fake_calls[FAKE_GET] = 0;
}

static inline int setup(void **state)
{
	(void)state;
	open_both(1, 1);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	fake_meanwhile = NULL;
	mcpsess_session_destroy(theirs);
	mcpsess_session_destroy(mine);
	mcp_session_store_close(store);
	return 0;
}

static inline void reopen(int tells_payload, int keeps_tokens)
{
	teardown(NULL);
	open_both(tells_payload, keeps_tokens);
}

static inline void set(struct mcpsess_session *session, const char *key, const char *json)
{
	assert_int_equal(
		mcpsess_session_set(session, mcpsess_str(key), mcpsess_str(json)), MCPSESS_OK);
}

static inline void add(struct mcpsess_session *session, const char *key, int64_t delta)
{
	assert_int_equal(mcpsess_session_add(session, mcpsess_str(key), delta, NULL), MCPSESS_OK);
}

static inline int save(struct mcpsess_session *session)
{
	return mcpsess_session_save(session, NULL);
}

/* All keys and values: "a=1 b=2". */
static inline void assert_data(struct mcpsess_session *session, const char *expected)
{
	char text[1024] = "";
	size_t len = 0;
	for (size_t i = 0; i < mcpsess_session_key_count(session); i++) {
		struct mcpsess_bytes value;
		struct mcpsess_bytes key = mcpsess_session_key(session, i);
		assert_int_equal(mcpsess_session_get(session, key, &value), MCPSESS_OK);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s=%.*s",
			i > 0 ? " " : "", (int)key.len, (const char *)key.data, (int)value.len,
			(const char *)value.data);
	}
	assert_string_equal(text, expected);
}

static inline void assert_stored(const char *expected)
{
	struct mcpsess_session *session = load();
	assert_data(session, expected);
	mcpsess_session_destroy(session);
}

/* Another node adds one to their counter, whatever else. */
static inline void they_write(void)
{
	void (*hook)(void) = fake_meanwhile;
	fake_meanwhile = NULL;
	add(theirs, "theirs", 1);
	assert_int_equal(save(theirs), MCPSESS_OK);
	fake_meanwhile = hook;
}

#endif
