#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "callers.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

struct mcp_session_store_pool *callers_pool(const char *uri, unsigned handles)
{
	struct mcp_session_store_pool *pool = NULL;
	struct mcpsess_error err;
	if (mcp_session_store_pool_open(uri, NULL, handles, &pool, &err) != MCPSESS_OK) {
		fail_msg("%s: %s", uri, err.text);
	}
	return pool;
}

int caller_asks(struct mcp_session_store_pool *pool, unsigned number, unsigned *wrong)
{
	struct mcp_session_store_request request = { .key = pend_key(number) };
	struct mcp_session_store_answer answer = { 0 };
	int r = mcp_session_store_pool_get(pool, &request, &answer, NULL);
	*wrong += r != MCPSESS_OK || answer.revision != pend_revision(&request.key) ||
		  answer.payload.len != sizeof(request.key) ||
		  memcmp(answer.payload.data, &request.key, sizeof(request.key)) != 0;
	mcp_session_store_answer_clear(&answer);
	return r;
}

static void *call_again_and_again(void *arg)
{
	struct caller *self = arg;
	self->task = gettid();
	if (self->number == CALLER_STATS) {
		struct mcp_session_store_counts stats = { 0 };
		self->last = mcp_session_store_pool_stats(self->pool, &stats);
		self->wrong += stats.sessions != 7;
		return NULL;
	}
	for (unsigned i = 0; i < self->rounds; i++) {
		self->last = caller_asks(self->pool, self->number + i, &self->wrong);
	}
	self->is_back = 1;
	return NULL;
}

void caller_start(struct caller *caller, struct mcp_session_store_pool *pool, unsigned number,
	unsigned rounds)
{
	memset(caller, 0, sizeof(*caller));
	caller->pool = pool;
	caller->number = number;
	caller->rounds = rounds;
	assert_int_equal(pthread_create(&caller->thread, NULL, call_again_and_again, caller), 0);
}

void callers_start(struct caller *callers, unsigned count, struct mcp_session_store_pool *pool,
	unsigned rounds)
{
	for (unsigned i = 0; i < count; i++) {
		caller_start(&callers[i], pool, i * 100000, rounds);
	}
}

void caller_queues(struct caller *caller)
{
	char path[64], text[256], running = 'R';
	while (caller->task == 0) {
		sched_yield();
	}
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", caller->task);
	while (running != 'S') {
		FILE *file = fopen(path, "r");
		assert_non_null(file);
		size_t len = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		text[len] = '\0';
		assert_non_null(strrchr(text, ')'));
		running = strrchr(text, ')')[2];
		sched_yield();
	}
}

unsigned callers_join(struct caller *callers, unsigned count)
{
	unsigned wrong = 0;
	for (unsigned i = 0; i < count; i++) {
		pthread_join(callers[i].thread, NULL);
		wrong += callers[i].wrong;
	}
	return wrong;
}
