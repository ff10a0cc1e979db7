#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>

#include "asked.h"

uint64_t asked_now_ms;

static uint64_t hand_driven(void *user_data)
{
	(void)user_data;
	return asked_now_ms;
}

static struct mcpsess_hooks clock_hooks = { .size = sizeof(clock_hooks), .now_ms = hand_driven };

static void done(struct mcp_session_store_call *call, int status)
{
	struct asked *asked = (struct asked *)(void *)call;
	asked->told++;
	asked->status = status;
	assert_ptr_equal(call->user_data, asked);
	if (asked->then != NULL) {
		asked->then(asked);
	}
}

void asked_prepare(struct asked *asked, struct mcp_session_store *store, unsigned key)
{
	memset(asked, 0, sizeof(*asked));
	asked->store = store;
	asked->call.done = done;
	asked->call.user_data = asked;
	asked->call.request.key = pend_key(key);
}

void asked_get(struct asked *asked, struct mcp_session_store *store, unsigned key)
{
	asked_prepare(asked, store, key);
	assert_int_equal(mcp_session_store_get_async(store, &asked->call), MCPSESS_PENDING);
}

void asked_is_answered(struct asked *asked, unsigned key)
{
	struct mcpsess_digest wanted = pend_key(key);
	assert_int_equal(asked->told, 1);
	assert_int_equal(asked->status, MCPSESS_OK);
	assert_int_equal(asked->call.answer.revision, pend_revision(&wanted));
	assert_int_equal(asked->call.answer.payload.len, sizeof(wanted));
	assert_memory_equal(asked->call.answer.payload.data, &wanted, sizeof(wanted));
	mcp_session_store_answer_clear(&asked->call.answer);
}

struct mcp_session_store *asked_open(const char *uri)
{
	struct mcp_session_store_options options = { .size = sizeof(options),
		.hooks = &clock_hooks };
	struct mcp_session_store *store = NULL;
	assert_int_equal(mcp_session_store_open(uri, &options, &store, NULL), MCPSESS_OK);
	return store;
}

int fd_is_readable(int fd, int wait_ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };
	return poll(&one, 1, wait_ms);
}
