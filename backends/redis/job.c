#include "job.h"

#include <mcpsess/error.h>

#include <stdio.h>

#include <hiredis/hiredis.h>

#include "redis.h"

/* Of a call's backend pointers: a call in a queue has its connection in the first. */
enum { CONN, JOB };

static void free_steps(struct redis_job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->steps[i].part.call.answer.blob != NULL) {
			job->redis->store.host->blob_unref(job->steps[i].part.call.answer.blob);
		}
	}
	mcpsess_redis_realloc(job->redis, job->steps, 0);
}

void mcpsess_redis_job_drop(struct redis_job *job)
{
	struct redis *redis = job->redis;
	free_steps(job);
	mcpsess_redis_realloc(redis, job->record, 0);
	mcpsess_redis_realloc(redis, job->keys, 0);
	mcpsess_redis_realloc(redis, job, 0);
}

static int make_steps(struct redis_job *job, size_t count)
{
	size_t size = (count > 0 ? count : 1) * sizeof(job->steps[0]);
	job->steps = mcpsess_redis_realloc(job->redis, NULL, size);
	if (job->steps == NULL) {
		job->count = 0;
		return MCPSESS_E_NOMEM;
	}
	memset(job->steps, 0, size);
	job->count = count;
	return MCPSESS_OK;
}

struct redis_job *mcpsess_redis_job(
	struct redis *redis, struct mcp_session_store_call *call, size_t count)
{
	struct redis_job *job = mcpsess_redis_realloc(redis, NULL, sizeof(*job));
	if (job == NULL) {
		return NULL;
	}
	memset(job, 0, sizeof(*job));
	job->redis = redis;
	job->call = call;
	if (make_steps(job, count) < 0) {
		mcpsess_redis_realloc(redis, job, 0);
		return NULL;
	}
	return job;
}

static void take_head_of(struct redis_step *step, const char *at, size_t there)
{
	if (there < REDIS_HEADER) {
		return;
	}
	size_t len = (at[1] & REDIS_COUNTED) != 0 ? sizeof(step->header) : REDIS_HEADER;
	if (len <= there) {
		memcpy(step->header, at, len);
		step->header_len = len;
	}
}

static void take_head(struct redis_step *step, const redisReply *reply, size_t index)
{
	const redisReply *from = index < reply->elements ? reply->element[index] : NULL;
	if (from != NULL && from->type == REDIS_REPLY_STRING) {
		take_head_of(step, from->str, (size_t)from->len);
	}
}

static void hear(struct redis_part *part, const redisReply *reply)
{
	struct redis_step *step = (struct redis_step *)(void *)part;
	switch (step->script) {
	case REDIS_CREATE:
		step->is_fresh = reply->elements == 3;
		take_head(step, reply, 2);
		break;
	case REDIS_NOTE:
		step->slot = mcpsess_redis_number(reply, 2);
		step->is_fresh = mcpsess_redis_number(reply, 3) == 1;
		break;
	case REDIS_KEYS:
		mcpsess_redis_take_keys(step->job, reply);
		break;
	case REDIS_GET:
		if (reply->type == REDIS_REPLY_STRING) {
			take_head_of(
				step, reply->str + REDIS_TIME, (size_t)reply->len - REDIS_TIME);
		} else {
			take_head(step, reply, 3);
		}
		break;
	default:
		take_head(step, reply, 2);
		step->length = mcpsess_redis_number(reply, 3);
		break;
	}
}

static void part_over(struct redis_part *part, int status)
{
	struct redis_step *step = (struct redis_step *)(void *)part;
	struct redis_job *job = step->job;
	step->over = 1;
	step->status = status;
	if (--job->left == 0) {
		job->go_on(job);
	}
}

struct redis_step *mcpsess_redis_step(struct redis_job *job, size_t index, uint32_t script)
{
	struct redis_step *step = &job->steps[index];
	step->job = job;
	step->script = script;
	step->part.hear = hear;
	step->part.over = part_over;
	step->part.call.done = mcpsess_redis_part_done;
	step->part.call.request = job->call->request;
	step->part.call.give_up_ms = job->call->give_up_ms;
	return step;
}

static size_t send_all(struct redis_job *job, void (*go_on)(struct redis_job *job))
{
	job->go_on = go_on;
	job->left = 0;
	for (size_t i = 0; i < job->count; i++) {
		struct redis_step *step = &job->steps[i];
		step->status = mcpsess_redis_send(job->redis, &step->part.call, step->script);
		step->over = step->status != MCPSESS_PENDING;
		job->left += !step->over;
	}
	return job->left;
}

int mcpsess_redis_job_begin(struct redis_job *job, void (*go_on)(struct redis_job *job))
{
	if (send_all(job, go_on) == 0) {
		int status = mcpsess_redis_job_status(job);
		mcpsess_redis_job_drop(job);
		return status;
	}
	job->call->backend[CONN] = NULL;
	job->call->backend[JOB] = job;
	return MCPSESS_PENDING;
}

struct redis_step *mcpsess_redis_job_next(struct redis_job *job, size_t count)
{
	free_steps(job);
	if (make_steps(job, count) < 0) {
		mcpsess_redis_job_end(job, MCPSESS_E_NOMEM, "no memory for a step");
		return NULL;
	}
	return job->steps;
}

void mcpsess_redis_job_send(struct redis_job *job, void (*go_on)(struct redis_job *job))
{
	if (send_all(job, go_on) == 0) {
		go_on(job);
	}
}

void mcpsess_redis_job_end(struct redis_job *job, int status, const char *text)
{
	struct redis *redis = job->redis;
	struct mcp_session_store_call *call = job->call;
	for (size_t i = 0; text == NULL && status != MCPSESS_OK && i < job->count; i++) {
		const char *why = job->steps[i].part.call.error.text;
		text = why[0] != '\0' && job->steps[i].status == status ? why : NULL;
	}
	mcpsess_redis_finish(redis, call, status, 0, text);
	mcpsess_redis_job_drop(job);
}

int mcpsess_redis_job_status(const struct redis_job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->steps[i].status != MCPSESS_OK) {
			return job->steps[i].status;
		}
	}
	return MCPSESS_OK;
}

int mcpsess_redis_job_cancel(struct mcp_session_store_call *call)
{
	if (call->backend[CONN] != NULL) {
		return 0;
	}
	struct redis_job *job = call->backend[JOB];
	for (size_t i = 0; i < job->count; i++) {
		struct mcp_session_store_call *part = &job->steps[i].part.call;
		if (job->steps[i].job != NULL && !job->steps[i].over) {
			mcpsess_redis_forget(&mcpsess_redis_conn_of(part)->queue, part);
		}
	}
	mcpsess_redis_job_drop(job);
	return 1;
}

/* -- create -------------------------------------------------------------------------------- */

enum { RECORD, ALL, OWNER };

static const char *const limits[] = { NULL, "max_sessions is reached",
	"max_sessions_per_owner is reached" };

/* Tell an index what becomes of a place that was taken for the record. */
static void tell_place(struct redis_job *job, size_t index, const char *what, uint64_t slot)
{
	unsigned char header[REDIS_HEADER] = { 0 };
	const struct mcp_session_store_request *request = &job->call->request;
	const uint64_t more[3] = { slot };
	memcpy(header + 38, &request->owner, sizeof(request->owner));
	for (size_t i = 0; i < 4; i++) {
		header[34 + i] = (unsigned char)(request->payload.len >> (24 - 8 * i) & 255);
	}
	mcpsess_redis_note(job->redis, index == OWNER, what, &request->key, header, more);
}

/* The index forgets a key that is new to it, unless there is a record. */
static void leave_place(struct redis_job *job, size_t index, int is_there)
{
	struct redis_step *step = &job->steps[index];
	if (step->slot != 0) {
		tell_place(
			job, index, step->is_fresh && !is_there ? "undo" : "uncount", step->slot);
		step->slot = 0;
	}
}

static void create_undone(struct redis_job *job)
{
	int undone = job->steps[0].status == MCPSESS_OK;
	mcpsess_redis_job_end(job, undone ? job->verdict : MCPSESS_E_UNKNOWN,
		undone && job->why[0] != '\0' ? job->why : NULL);
}

static void undo_create(struct redis_job *job, size_t failed)
{
	int status = job->steps[failed].status;
	int told = status == MCPSESS_E_LIMIT || status == MCPSESS_E_NOMEM;
	job->verdict = told ? status : MCPSESS_E_UNAVAILABLE;
	const char *why = status == MCPSESS_E_LIMIT ? limits[failed]
						    : job->steps[failed].part.call.error.text;
	snprintf(job->why, sizeof(job->why), "%.120s", why);
	for (size_t i = ALL; i < job->count; i++) {
		leave_place(job, i, 0);
	}
	if (mcpsess_redis_job_next(job, 1) != NULL) {
		struct redis_step *step = mcpsess_redis_step(job, 0, REDIS_DELETE);
		step->part.call.request.tombstone_ms = MCP_SESSION_STORE_NONE;
		step->part.undoes = 1;
		mcpsess_redis_job_send(job, create_undone);
	}
}

/* Its clock and an index's may be apart. */
static void correct_places(struct redis_job *job)
{
	const unsigned char *header = job->steps[RECORD].header;
	uint64_t slot = mcpsess_redis_time_slot(header);
	for (size_t i = ALL; i < job->count; i++) {
		const struct redis_step *step = &job->steps[i];
		if (step->slot != 0 && step->slot != slot) {
			const uint64_t more[3] = { step->slot, mcpsess_redis_counted_bytes(header),
				slot };
			mcpsess_redis_note(job->redis, i == OWNER, "move", &job->call->request.key,
				header, more);
		}
	}
}

/* Who repeats another's create has no place for it. */
static void leave_to_owner(struct redis_job *job)
{
	const struct mcpsess_digest *owner = &job->call->request.owner;
	if (job->count > OWNER &&
		memcmp(job->steps[RECORD].header + 38, owner, sizeof(*owner)) != 0) {
		leave_place(job, OWNER, 0);
	}
}

/* A key that was there may have its place already: if this repeats what is done, or is in doubt. */
static void settle_places(struct redis_job *job)
{
	for (size_t i = ALL; i < job->count; i++) {
		struct redis_step *step = &job->steps[i];
		if (step->slot == 0 || step->is_fresh) {
			continue;
		}
		int again = !job->steps[RECORD].is_fresh;
		tell_place(job, i, "settle", again ? step->slot : 0);
		step->slot = again ? 0 : step->slot;
	}
}

static void not_created(struct redis_job *job, int status)
{
	for (size_t i = ALL; i < job->count; i++) {
		if (status == MCPSESS_E_UNKNOWN && job->steps[i].slot != 0) {
			tell_place(job, i, "doubt", job->steps[i].slot);
		} else {
			leave_place(job, i, status == MCPSESS_E_EXISTS);
		}
	}
	mcpsess_redis_job_end(job, status, NULL);
}

static void created(struct redis_job *job)
{
	struct redis_step *record = &job->steps[RECORD];
	if (record->status != MCPSESS_OK) {
		not_created(job, record->status);
		return;
	}
	for (size_t i = ALL; i < job->count && record->is_fresh; i++) {
		if (job->steps[i].status != MCPSESS_OK) {
			undo_create(job, i);
			return;
		}
	}
	leave_to_owner(job);
	settle_places(job);
	correct_places(job);
	job->call->answer = record->part.call.answer;
	record->part.call.answer.blob = NULL;
	mcpsess_redis_job_end(job, MCPSESS_OK, NULL);
}

int mcpsess_redis_create(struct redis *redis, struct mcp_session_store_call *call)
{
	const struct mcp_session_store_request *request = &call->request;
	int owned = !mcpsess_redis_is_nobody(&request->owner);
	struct redis_job *job = mcpsess_redis_job(redis, call, owned ? 3 : 2);
	if (job == NULL) {
		return MCPSESS_E_NOMEM;
	}
	mcpsess_redis_step(job, RECORD, REDIS_CREATE);
	uint64_t every_ms =
		request->touch_every_ms != MCP_SESSION_STORE_NONE ? request->touch_every_ms : 0;
	uint64_t lives_ms =
		request->idle_ms < REDIS_NEVER ? request->idle_ms + every_ms : REDIS_NEVER;
	for (size_t i = ALL; i < job->count; i++) {
		struct redis_part *part = &mcpsess_redis_step(job, i, REDIS_NOTE)->part;
		uint64_t max = i == OWNER ? request->max_sessions_per_owner : request->max_sessions;
		part->owners = i == OWNER;
		part->what = "enter";
		part->bytes = request->payload.len;
		part->more[0] = lives_ms < request->absolute_ms ? lives_ms : request->absolute_ms;
		part->more[1] = max > 0 ? max : REDIS_NEVER;
		part->more_count = 2;
	}
	return mcpsess_redis_job_begin(job, created);
}
