#include <mcpsess/error.h>

#include <hiredis/hiredis.h>

#include "redis.h"

enum { PAGE_MAX = 256 };

static char letter_of(const struct redis_job *job)
{
	return mcpsess_redis_cursor_letter(&job->call->request);
}

void mcpsess_redis_take_keys(struct redis_job *job, const redisReply *reply)
{
	const redisReply *last = reply->elements > 2 ? reply->element[2] : NULL;
	struct mcpsess_digest key;
	job->cursor[0] = '\0';
	if (last == NULL || reply->elements - 3 > PAGE_MAX) {
		return;
	}
	if (last->type == REDIS_REPLY_STRING && last->len == (int)sizeof(key)) {
		memcpy(&key, last->str, sizeof(key));
		job->cursor[0] = letter_of(job);
		mcpsess_redis_ref(&key, job->cursor + 1);
		job->cursor[1 + REDIS_REF_LEN] = '\0';
	}
	for (size_t i = 3; i < reply->elements; i++) {
		const redisReply *one = reply->element[i];
		if (one->type == REDIS_REPLY_STRING && one->len == (int)sizeof(key)) {
			memcpy(&job->keys[job->key_count++], one->str, sizeof(key));
		}
	}
}

/* The next keys, of an index. */
static void ask_keys(struct redis_job *job, int owners)
{
	struct redis_step *step = mcpsess_redis_step(job, 0, REDIS_KEYS);
	step->part.owners = owners;
	memcpy(step->part.call.request.cursor, job->cursor, sizeof(job->cursor));
	job->key_count = 0;
}

static struct redis_job *job_of_keys(struct redis *redis, struct mcp_session_store_call *call)
{
	struct redis_job *job = mcpsess_redis_job(redis, call, 1);
	if (job != NULL) {
		job->keys = mcpsess_redis_realloc(redis, NULL, PAGE_MAX * sizeof(job->keys[0]));
		memcpy(job->cursor, call->request.cursor, sizeof(job->cursor));
	}
	if (job != NULL && job->keys == NULL) {
		mcpsess_redis_job_drop(job);
		job = NULL;
	}
	return job;
}

/* A command for each of the keys. */
static void each_key(struct redis_job *job, uint32_t script, void (*go_on)(struct redis_job *job))
{
	if (mcpsess_redis_job_next(job, job->key_count) != NULL) {
		for (size_t i = 0; i < job->count; i++) {
			mcpsess_redis_step(job, i, script)->part.call.request.key = job->keys[i];
		}
		mcpsess_redis_job_send(job, go_on);
	}
}

/* -- list ---------------------------------------------------------------------------------- */

/* What an index has kept and is no more. */
static void drop(struct redis_job *job, const struct redis_step *step, int owners)
{
	static const uint64_t nothing[3];
	unsigned char header[REDIS_HEADER] = { 0 };
	if (step->status == MCPSESS_E_UNAVAILABLE) {
		return;
	}
	memcpy(header + 38, &job->call->request.owner, sizeof(struct mcpsess_digest));
	mcpsess_redis_note(
		job->redis, owners, "drop", &step->part.call.request.key, header, nothing);
}

static int is_wanted(const struct redis_job *job, const struct redis_step *step)
{
	const struct mcp_session_store_request *request = &job->call->request;
	return step->status == MCPSESS_OK && step->header_len > 0 &&
	       (step->header[1] & REDIS_MOVED) == 0 &&
	       ((request->flags & MCP_SESSION_STORE_ANY_OWNER) != 0 ||
		       memcmp(step->header + 38, &request->owner, sizeof(request->owner)) == 0);
}

static void peeked(struct redis_job *job)
{
	struct mcp_session_store_answer *answer = &job->call->answer;
	const struct mcp_session_store *store = &job->redis->store;
	struct mcp_session_store_entry *entries = NULL;
	size_t count = 0;
	if (job->count > 0) {
		answer->blob =
			store->host->blob_new(store->core, NULL, job->count * sizeof(entries[0]));
		if (answer->blob == NULL) {
			mcpsess_redis_job_end(job, MCPSESS_E_NOMEM, "no memory for a list");
			return;
		}
		entries = (struct mcp_session_store_entry *)(uintptr_t)store->host
				  ->blob_bytes(answer->blob)
				  .data;
	}
	for (size_t i = 0; i < job->count; i++) {
		const struct redis_step *step = &job->steps[i];
		if (step->status == MCPSESS_E_UNAVAILABLE || step->status == MCPSESS_E_NOMEM) {
			mcpsess_redis_job_end(job, step->status, NULL);
			return;
		}
		answer->now_ms = step->part.call.answer.now_ms;
		if (is_wanted(job, step)) {
			mcpsess_redis_take_entry(
				&entries[count++], &job->keys[i], step->header, step->length);
		} else if (step->status != MCPSESS_OK) {
			drop(job, step, letter_of(job) == 'o');
		}
	}
	answer->entries = entries;
	answer->entry_count = count;
	memcpy(answer->cursor, job->cursor, sizeof(answer->cursor));
	mcpsess_redis_job_end(job, MCPSESS_OK, NULL);
}

static void listed(struct redis_job *job)
{
	if (job->steps[0].status != MCPSESS_OK) {
		mcpsess_redis_job_end(job, job->steps[0].status, NULL);
		return;
	}
	job->call->answer.now_ms = job->steps[0].part.call.answer.now_ms;
	each_key(job, REDIS_PEEK, peeked);
}

int mcpsess_redis_list(struct redis *redis, struct mcp_session_store_call *call)
{
	struct redis_job *job = job_of_keys(redis, call);
	if (job == NULL) {
		return MCPSESS_E_NOMEM;
	}
	ask_keys(job, letter_of(job) == 'o');
	return mcpsess_redis_job_begin(job, listed);
}

/* -- the end of an owner -------------------------------------------------------------------- */

static void owner_listed(struct redis_job *job);

static void page_ended(struct redis_job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		int status = job->steps[i].status;
		if (status != MCPSESS_OK && status != MCPSESS_E_NOTOWNER) {
			mcpsess_redis_job_end(job, MCPSESS_E_UNKNOWN, NULL);
			return;
		}
		job->call->answer.now_ms = job->steps[i].part.call.answer.now_ms;
	}
	if (job->cursor[0] == '\0') {
		mcpsess_redis_job_end(job, MCPSESS_OK, NULL);
	} else if (mcpsess_redis_job_next(job, 1) != NULL) {
		ask_keys(job, 1);
		mcpsess_redis_job_send(job, owner_listed);
	}
}

static void owner_listed(struct redis_job *job)
{
	if (job->steps[0].status != MCPSESS_OK) {
		mcpsess_redis_job_end(job, job->steps[0].status, NULL);
		return;
	}
	job->call->answer.now_ms = job->steps[0].part.call.answer.now_ms;
	each_key(job, REDIS_DELETE, page_ended);
}

int mcpsess_redis_end_owner(struct redis *redis, struct mcp_session_store_call *call)
{
	struct redis_job *job = job_of_keys(redis, call);
	if (job == NULL) {
		return MCPSESS_E_NOMEM;
	}
	call->request.page = PAGE_MAX;
	call->request.flags = 0;
	job->cursor[0] = '\0';
	ask_keys(job, 1);
	return mcpsess_redis_job_begin(job, owner_listed);
}
