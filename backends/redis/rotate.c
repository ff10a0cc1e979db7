#include <mcpsess/error.h>

#include "redis.h"

/*
 * The old record is read and the new place looked at; then it is put there and retired here at
 * once. When only one of the two comes about it is undone.
 */
enum { OLD, NEW, PLANT = 0, RETIRE, JOIN, TRIES = 8 };

static void end_well(struct redis_job *job, const unsigned char *header, uint64_t now_ms)
{
	mcpsess_redis_take_header(&job->call->answer, header);
	job->call->answer.now_ms = now_ms;
	mcpsess_redis_job_end(job, MCPSESS_OK, NULL);
}

/* What is to be told when both are done: everybody's index, and the owner's. */
static void rotated(struct redis_job *job)
{
	const struct mcp_session_store_request *request = &job->call->request;
	const unsigned char *header = job->record;
	const uint64_t slot[3] = { mcpsess_redis_time_slot(header) };
	mcpsess_redis_note(job->redis, 0, "join", &request->new_key, header, slot);
	mcpsess_redis_note(job->redis, 0, "drop", &request->key, header, slot);
	if (request->grace_ms == 0) {
		mcpsess_redis_note(job->redis, 1, "drop", &request->key, header, slot);
	}
	/* The grace begins when the old record is retired, which may be the later of the two. */
	uint64_t planted_ms = job->steps[PLANT].part.call.answer.now_ms;
	uint64_t retired_ms = job->steps[RETIRE].part.call.answer.now_ms;
	end_well(job, header, planted_ms > retired_ms ? planted_ms : retired_ms);
}

static void look(struct redis_job *job)
{
	struct redis_step *old = mcpsess_redis_step(job, OLD, REDIS_GET);
	struct redis_step *there = mcpsess_redis_step(job, NEW, REDIS_PEEK);
	old->part.call.request.flags &= MCP_SESSION_STORE_ANY_OWNER;
	there->part.call.request.key = job->call->request.new_key;
}

static void looked(struct redis_job *job);

static void undone(struct redis_job *job)
{
	int all = job->steps[0].status == MCPSESS_OK;
	/* Somebody wrote to it in between. */
	if (all && job->verdict == MCPSESS_E_CONFLICT) {
		mcpsess_redis_realloc(job->redis, job->record, 0);
		job->record = NULL;
		if (job->tries++ == TRIES) {
			mcpsess_redis_job_end(job, MCPSESS_E_UNAVAILABLE,
				"the record is written to all the time");
		} else if (mcpsess_redis_job_next(job, 2) != NULL) {
			look(job);
			mcpsess_redis_job_send(job, looked);
		}
		return;
	}
	mcpsess_redis_job_end(job, all ? job->verdict : MCPSESS_E_UNKNOWN, NULL);
}

static void undo(struct redis_job *job, int planted, int verdict)
{
	struct mcp_session_store_request *request = &job->call->request;
	job->verdict = verdict;
	if (mcpsess_redis_job_next(job, 1) == NULL) {
		return;
	}
	struct redis_step *step = mcpsess_redis_step(job, 0, planted ? REDIS_DELETE : REDIS_RETIRE);
	step->part.undoes = 1;
	if (planted) {
		step->part.call.request.key = request->new_key;
		step->part.call.request.tombstone_ms = MCP_SESSION_STORE_NONE;
	}
	mcpsess_redis_job_send(job, undone);
}

static void moved(struct redis_job *job)
{
	int planted = job->steps[PLANT].status, retired = job->steps[RETIRE].status;
	if (mcpsess_redis_job_status(job) == MCPSESS_OK) {
		rotated(job);
	} else if (planted == MCPSESS_E_UNKNOWN || retired == MCPSESS_E_UNKNOWN ||
		   (planted == MCPSESS_OK && retired == MCPSESS_OK)) {
		mcpsess_redis_job_end(job, MCPSESS_E_UNKNOWN, NULL);
	} else if (planted == MCPSESS_OK) {
		undo(job, 1, retired);
	} else if (retired == MCPSESS_OK) {
		undo(job, 0, planted);
	} else {
		mcpsess_redis_job_end(job, planted, NULL);
	}
}

/* The record as it will be: the next revision, by this operation. */
static int copy_record(struct redis_job *job, const struct redis_step *old, size_t *len)
{
	const struct mcp_session_store_request *request = &job->call->request;
	const struct mcpsess_bytes payload =
		request->revision > 0 ? request->payload : old->part.call.answer.payload;
	*len = old->header_len + payload.len;
	job->record = mcpsess_redis_realloc(job->redis, NULL, *len);
	if (job->record == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memcpy(job->record, old->header, old->header_len);
	memcpy(job->record + old->header_len, payload.data != NULL ? payload.data : "",
		payload.len);
	uint64_t revision = old->part.call.answer.revision + 1;
	for (int i = 0; i < 6; i++) {
		job->record[2 + i] = (unsigned char)(revision >> (40 - 8 * i) & 255);
	}
	mcpsess_redis_fold_rotation(request, job->record + 70);
	return MCPSESS_OK;
}

/* What is at the new place was put there by this operation, before, and is the caller's. */
static int is_again(const struct redis_job *job, const struct redis_step *there)
{
	const struct mcp_session_store_request *request = &job->call->request;
	unsigned char token[REDIS_TOKEN];
	mcpsess_redis_fold_rotation(request, token);
	return there->status == MCPSESS_OK && there->header_len > 0 &&
	       memcmp(there->header + 70, token, sizeof(token)) == 0 &&
	       ((request->flags & MCP_SESSION_STORE_ANY_OWNER) != 0 ||
		       memcmp(there->header + 38, &request->owner, sizeof(request->owner)) == 0);
}

/* Its owner's index is waited for: who ends the owner must find it. */
static void join(struct redis_job *job, const struct mcpsess_digest *owner)
{
	struct redis_part *part = &mcpsess_redis_step(job, JOIN, REDIS_NOTE)->part;
	part->owners = 1;
	part->what = "join";
	part->more[0] = mcpsess_redis_time_slot(job->record);
	part->more_count = 1;
	part->call.request.key = job->call->request.new_key;
	part->call.request.owner = *owner;
}

static void move(struct redis_job *job, const struct redis_step *old)
{
	size_t len;
	uint64_t revision = old->part.call.answer.revision;
	if (copy_record(job, old, &len) < 0) {
		mcpsess_redis_job_end(job, MCPSESS_E_NOMEM, "no memory for a record");
		return;
	}
	struct mcpsess_digest owner = old->part.call.answer.owner;
	int owned = !mcpsess_redis_is_nobody(&owner);
	if (mcpsess_redis_job_next(job, owned ? 3 : 2) == NULL) {
		return;
	}
	if (owned) {
		join(job, &owner);
	}
	struct redis_step *plant = mcpsess_redis_step(job, PLANT, REDIS_PLANT);
	plant->part.call.request.key = job->call->request.new_key;
	plant->part.record = mcpsess_mem(job->record, len);
	mcpsess_redis_step(job, RETIRE, REDIS_RETIRE)->part.call.request.revision = revision;
	mcpsess_redis_job_send(job, moved);
}

static void looked(struct redis_job *job)
{
	struct redis_step *old = &job->steps[OLD];
	const struct redis_step *there = &job->steps[NEW];
	int gone = old->status == MCPSESS_E_REVOKED || old->status == MCPSESS_E_NOTFOUND ||
		   (old->status == MCPSESS_OK && (old->header[1] & REDIS_MOVED) != 0);
	int again = is_again(job, there);
	uint64_t revision = job->call->request.revision;
	if (gone && again) {
		end_well(job, there->header, there->part.call.answer.now_ms);
	} else if (gone || old->status != MCPSESS_OK) {
		mcpsess_redis_job_end(
			job, old->status != MCPSESS_OK ? old->status : MCPSESS_E_REVOKED, NULL);
	} else if (there->status != MCPSESS_E_NOTFOUND && !again) {
		int failed =
			there->status == MCPSESS_E_UNAVAILABLE || there->status == MCPSESS_E_NOMEM;
		mcpsess_redis_job_end(job, failed ? there->status : MCPSESS_E_EXISTS, NULL);
	} else if (revision > 0 && revision != old->part.call.answer.revision) {
		job->call->answer = old->part.call.answer;
		old->part.call.answer.blob = NULL;
		mcpsess_redis_job_end(job, MCPSESS_E_CONFLICT, NULL);
	} else {
		move(job, old);
	}
}

int mcpsess_redis_rotate(struct redis *redis, struct mcp_session_store_call *call)
{
	struct redis_job *job = mcpsess_redis_job(redis, call, 2);
	if (job == NULL) {
		return MCPSESS_E_NOMEM;
	}
	look(job);
	return mcpsess_redis_job_begin(job, looked);
}
