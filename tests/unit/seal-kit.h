/* A store that seals, and the one inside it, which sees what a database would. */
#ifndef TESTS_SEAL_KIT_H
#define TESTS_SEAL_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "flaky.h"
#include "wrap.h"

#define KEY_ONE   "one AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n"
#define KEY_TWO   "two AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI\n"
#define KEY_THREE "three AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAM\n"

static char folder[] = "/tmp/mcpsess-seal-XXXXXX";
static char file[64];

static inline void write_keys(const char *text)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static inline int try_open(
	const char *scheme, struct mcp_session_store **out, struct mcpsess_error *err)
{
	char uri[200];
	snprintf(uri, sizeof(uri), "%s%cseal_keys_file=%s", scheme,
		strchr(scheme, '?') != NULL ? '&' : '?', file);
	return mcp_session_store_open(uri, NULL, out, err);
}

static inline struct mcp_session_store *open_store(const char *scheme, const char *keys)
{
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err;
	write_keys(keys);
	if (try_open(scheme, &store, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return store;
}

/* The store inside, which sees what a database would. */
static inline struct mcp_session_store *inside(struct mcp_session_store *store)
{
	return ((struct wrap *)(void *)store)->inner;
}

static inline struct mcp_session_store_request request_of(unsigned char number)
{
	return (struct mcp_session_store_request){
		.key = { { number } }, .owner = { { 9 } }, .state = MCP_SESSION_STORE_ACTIVE
	};
}

static inline int put(struct mcp_session_store *store, unsigned char number, uint64_t revision,
	struct mcpsess_bytes payload)
{
	struct mcp_session_store_request request = request_of(number);
	request.revision = revision;
	request.payload = payload;
	return mcp_session_store_store(store, &request, NULL, NULL);
}

static inline int get(struct mcp_session_store *store, unsigned char number,
	struct mcp_session_store_answer *answer, struct mcpsess_error *err)
{
	struct mcp_session_store_request request = request_of(number);
	return mcp_session_store_get(store, &request, answer, err);
}

static inline void want(struct mcp_session_store *store, unsigned char number, const char *payload)
{
	struct mcp_session_store_answer answer = { 0 };
	assert_int_equal(get(store, number, &answer, NULL), MCPSESS_OK);
	assert_true(mcpsess_bytes_equal(answer.payload, mcpsess_str(payload)));
	mcp_session_store_answer_clear(&answer);
}

static inline void want_corrupt(
	struct mcp_session_store *store, unsigned char number, const char *says)
{
	struct mcp_session_store_answer answer = { 0 };
	struct mcpsess_error err;
	assert_int_equal(get(store, number, &answer, &err), MCPSESS_E_CORRUPT);
	assert_int_equal(err.status, MCPSESS_E_CORRUPT);
	assert_non_null(strstr(err.text, says));
	assert_null(answer.payload.data);
	assert_null(answer.blob);
}

static inline int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	snprintf(file, sizeof(file), "%s/keys", folder);
	return mcpsess_flaky_add(NULL);
}

static inline int tear_down(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(folder);
}

#endif
