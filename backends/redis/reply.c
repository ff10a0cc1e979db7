#include <mcpsess/error.h>

#include <stdio.h>

#include <hiredis/hiredis.h>

#include "cluster.h"
#include "redis.h"
#include "send.h"

/* What an answer is that nothing can be made of; no status is. */
enum { SENSELESS = -1 };

/* -- errors -------------------------------------------------------------------------------- */

/* What the server may say instead of an answer, wherever in its text; the first found counts. */
static const struct {
	const char *word;
	const char *meaning;
	int lose; /* this server will not be of use again soon: look for another */
} refusals[] = {
	{ "READONLY", "the server has become a replica", 1 },
	{ "MASTERDOWN", "the server is a replica that has lost its primary", 1 },
	{ "LOADING", "the server is still loading its data", 1 },
	{ "CLUSTERDOWN", "the cluster is down", 0 },
	{ "TRYAGAIN", "the keys are being moved to another node", 0 },
	{ "NOAUTH", "the server wants a password", 1 },
	{ "NOREPLICAS", "the server has too few replicas to write", 0 },
	{ "MISCONF", "the server cannot save its data and refuses to write", 0 },
	{ "OOM ", "the server's memory is full (maxmemory)", 0 },
	{ "NOPERM", "the user may not do that (ACL)", 0 },
	{ "BUSY ", "the server is busy with a script", 0 },
};

static void finish(
	struct redis_conn *conn, const struct redis_slot *slot, int status, const char *text)
{
	if (slot->call == NULL) {
		return;
	}
	if (status == MCPSESS_OK && slot->waits) {
		mcpsess_redis_slot_hand_on(&conn->queue, slot->call);
	} else {
		mcpsess_redis_finish(conn->redis, slot->call, status, 0, text);
	}
}

/*
 * The first of them: somebody else is the primary now, and may be asked where there are several.
 * A cluster gets over some more by itself.
 */
enum { MOVED_AWAY = 2, PASSES_BY = 5 };

static enum redis_after take_error(
	struct redis_conn *conn, const struct redis_slot *slot, const char *text)
{
	if (strncmp(text, "NOSCRIPT", 8) == 0) {
		return slot->call != NULL ? REDIS_AFTER_RESEND : REDIS_AFTER_NOTHING;
	}
	if (mcpsess_redis_hear_moved(conn, slot, text)) {
		return REDIS_AFTER_NOTHING;
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strstr(text, refusals[i].word) != NULL) {
			conn->leave |= refusals[i].lose;
			if (i < PASSES_BY && conn->is_node) {
				conn->redis->cluster.wanted = 1;
				if (slot->call != NULL) {
					mcpsess_redis_again(conn->redis, slot, 1);
				}
				return REDIS_AFTER_NOTHING;
			}
			if (i < MOVED_AWAY && conn->redis->config.seeds.count > 0) {
				return slot->call != NULL ? REDIS_AFTER_RESEND
							  : REDIS_AFTER_NOTHING;
			}
			finish(conn, slot, MCPSESS_E_UNAVAILABLE, refusals[i].meaning);
			return REDIS_AFTER_NOTHING;
		}
	}
	/* A script that broke off may have written before it did. */
	finish(conn, slot, mcpsess_redis_lost_status(slot), text);
	return REDIS_AFTER_NOTHING;
}

/* -- records ------------------------------------------------------------------------------- */

static uint64_t number(const unsigned char *at, int bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < bytes; i++) {
		value = value << 8 | at[i];
	}
	return value;
}

static uint64_t time_of(const unsigned char *at)
{
	uint64_t value = number(at, 6);
	return value != REDIS_NEVER ? value : 0;
}

static const unsigned char *bytes_of(const redisReply *reply)
{
	return (const unsigned char *)reply->str;
}

static size_t header_len(const unsigned char *at)
{
	return (at[1] & REDIS_COUNTED) != 0 ? REDIS_HEADER + REDIS_COUNTERS : REDIS_HEADER;
}

static int begins_record(const unsigned char *at, size_t len)
{
	return len >= REDIS_HEADER && at[0] == 2 && len >= header_len(at);
}

static int is_header(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING &&
	       begins_record(bytes_of(reply), (size_t)reply->len);
}

/* The layout is that of FORMAT in lua/front.lua. */
void mcpsess_redis_take_header(struct mcp_session_store_answer *answer, const unsigned char *at)
{
	answer->kind = at[1] >> 4;
	answer->state = at[1] & 3;
	answer->revision = number(at + 2, 6);
	answer->created_ms = time_of(at + 8);
	answer->seen_ms = time_of(at + 15);
	answer->expires_ms = time_of(at + 21);
	answer->deadline_ms = time_of(at + 27);
	memcpy(&answer->owner, at + 38, sizeof(answer->owner));
	if ((at[1] & REDIS_COUNTED) != 0) {
		at += REDIS_HEADER;
		answer->requests = number(at, 6);
		answer->first_request_ms = time_of(at + 6);
		answer->last_request_ms = time_of(at + 12);
	}
}

/* Of a record that is whole. */
static int take_payload(struct redis_conn *conn, struct mcp_session_store_answer *answer,
	const unsigned char *at, size_t len)
{
	const struct mcp_session_store *store = &conn->redis->store;
	size_t begins = header_len(at);
	if (len == begins) {
		return MCPSESS_OK;
	}
	answer->blob = store->host->blob_new(store->core, at + begins, len - begins);
	if (answer->blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	answer->payload = store->host->blob_bytes(answer->blob);
	return MCPSESS_OK;
}

/* What an answer that is OK must come with. */
static int is_whole(uint32_t script, const redisReply *reply)
{
	switch (script) {
	case REDIS_GET:
		return reply->elements > 3;
	case REDIS_DELETE:
	case REDIS_END_OWNER:
	case REDIS_ONCE:
	case REDIS_PING:
	case REDIS_NOTE:
	case REDIS_PLANT:
	case REDIS_RETIRE:
		return 1;
	default:
		return reply->elements > 2;
	}
}

/* status, now, header or "", whole record or "" or nothing */
static int take_record(
	struct redis_conn *conn, struct mcp_session_store_call *call, const redisReply *reply)
{
	const redisReply *header = reply->elements > 2 ? reply->element[2] : NULL;
	const redisReply *record = reply->elements > 3 ? reply->element[3] : NULL;
	if (record != NULL && record->type == REDIS_REPLY_STRING && record->len == 0) {
		record = NULL;
	}
	if (record != NULL && !is_header(record)) {
		return SENSELESS;
	}
	if (header == NULL || (record != NULL && header->len == 0)) {
		header = record;
	}
	if (header != NULL) {
		if (!is_header(header)) {
			return SENSELESS;
		}
		mcpsess_redis_take_header(&call->answer, bytes_of(header));
	}
	return record == NULL
		       ? MCPSESS_OK
		       : take_payload(conn, &call->answer, bytes_of(record), (size_t)record->len);
}

/* Of what is answered in one piece: the record, or its header. */
static int take_whole(struct redis_conn *conn, const struct redis_slot *slot, uint64_t now_ms,
	const unsigned char *at, size_t len)
{
	struct mcp_session_store_answer *answer = &slot->call->answer;
	if (!begins_record(at, len)) {
		return SENSELESS;
	}
	answer->now_ms = now_ms;
	mcpsess_redis_take_header(answer, at);
	return slot->kind == REDIS_GET ? take_payload(conn, answer, at, len) : MCPSESS_OK;
}

/* What most reads and updates come to: now, and what there is. */
static int take_piece(
	struct redis_conn *conn, const struct redis_slot *slot, const redisReply *reply)
{
	struct redis_part *part = mcpsess_redis_part_of(slot->call);
	enum redis_text text = mcpsess_redis_text_of((enum redis_script)slot->kind);
	if ((text != REDIS_TEXT_READ && text != REDIS_TEXT_UPDATE) || reply->len < REDIS_TIME) {
		return SENSELESS;
	}
	int r = take_whole(conn, slot, number(bytes_of(reply), REDIS_TIME),
		bytes_of(reply) + REDIS_TIME, (size_t)reply->len - REDIS_TIME);
	if (part != NULL && r != SENSELESS) {
		part->hear(part, reply);
	}
	return r;
}

/* -- lists --------------------------------------------------------------------------------- */

void mcpsess_redis_take_entry(struct mcp_session_store_entry *entry,
	const struct mcpsess_digest *key, const unsigned char *header, uint64_t length)
{
	struct mcp_session_store_answer answer = { 0 };
	mcpsess_redis_take_header(&answer, header);
	*entry = (struct mcp_session_store_entry){
		.key = *key,
		.owner = answer.owner,
		.revision = answer.revision,
		.created_ms = answer.created_ms,
		.seen_ms = answer.seen_ms,
		.expires_ms = answer.expires_ms,
		.deadline_ms = answer.deadline_ms,
		.requests = answer.requests,
		.payload_len = length,
		.kind = answer.kind,
		.state = answer.state,
	};
}

static int is_entry(redisReply *const *of)
{
	return of[0]->type == REDIS_REPLY_STRING &&
	       of[0]->len == (int)sizeof(struct mcpsess_digest) && is_header(of[1]) &&
	       of[2]->type == REDIS_REPLY_INTEGER && of[2]->integer >= 0;
}

static void put_cursor(
	const struct mcp_session_store_request *request, const redisReply *last, char *cursor)
{
	struct mcpsess_digest key;
	cursor[0] = '\0';
	if (last->len == (int)sizeof(key)) {
		memcpy(&key, last->str, sizeof(key));
		cursor[0] = mcpsess_redis_cursor_letter(request);
		mcpsess_redis_ref(&key, cursor + 1);
		cursor[1 + REDIS_REF_LEN] = '\0';
	}
}

/* status, now, last key or "", then by threes: key, header, payload's length */
static int take_list(
	struct redis_conn *conn, struct mcp_session_store_call *call, const redisReply *reply)
{
	const struct mcp_session_store *store = &conn->redis->store;
	struct mcp_session_store_answer *answer = &call->answer;
	size_t count = reply->elements / 3 - 1;
	if (reply->elements % 3 != 0 || reply->elements == 0 || count > call->request.page ||
		reply->element[2]->type != REDIS_REPLY_STRING) {
		return SENSELESS;
	}
	for (size_t i = 1; i <= count; i++) {
		if (!is_entry(reply->element + 3 * i)) {
			return SENSELESS;
		}
	}
	put_cursor(&call->request, reply->element[2], answer->cursor);
	if (count == 0) {
		return MCPSESS_OK;
	}
	answer->blob = store->host->blob_new(
		store->core, NULL, count * sizeof(struct mcp_session_store_entry));
	if (answer->blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	struct mcp_session_store_entry *entries =
		(struct mcp_session_store_entry *)(uintptr_t)store->host->blob_bytes(answer->blob)
			.data;
	for (size_t i = 0; i < count; i++) {
		redisReply *const *of = reply->element + 3 * (i + 1);
		struct mcpsess_digest key;
		memcpy(&key, of[0]->str, sizeof(key));
		mcpsess_redis_take_entry(
			&entries[i], &key, bytes_of(of[1]), (uint64_t)of[2]->integer);
	}
	answer->entries = entries;
	answer->entry_count = count;
	return MCPSESS_OK;
}

/* -- all ----------------------------------------------------------------------------------- */

static int is_answer(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2 &&
	       reply->element[0]->type == REDIS_REPLY_INTEGER &&
	       reply->element[0]->integer <= MCPSESS_OK &&
	       reply->element[0]->integer >= MCPSESS_E_UNSUPPORTED &&
	       reply->element[1]->type == REDIS_REPLY_INTEGER && reply->element[1]->integer >= 0;
}

static enum redis_after take_wait(
	struct redis_conn *conn, const struct redis_slot *slot, const redisReply *reply)
{
	int all = reply->type == REDIS_REPLY_INTEGER &&
		  reply->integer >= (long long)conn->redis->config.wait;
	finish(conn, slot, all ? MCPSESS_OK : MCPSESS_E_UNKNOWN,
		all ? NULL : "it is written, but not by as many replicas as wait= asks for");
	return REDIS_AFTER_NOTHING;
}

/* What is OK, or a conflict. */
static int take_answer(
	struct redis_conn *conn, const struct redis_slot *slot, const redisReply *reply)
{
	struct redis_part *part = mcpsess_redis_part_of(slot->call);
	int r = MCPSESS_OK;
	if (!is_whole(slot->kind, reply)) {
		return SENSELESS;
	}
	if (slot->kind < REDIS_STATS) {
		r = slot->kind == REDIS_LIST ? take_list(conn, slot->call, reply)
					     : take_record(conn, slot->call, reply);
	}
	if (part != NULL && part->hear != NULL) {
		part->hear(part, reply);
	}
	if (r == MCPSESS_OK && conn->is_node && !(part != NULL && part->undoes)) {
		mcpsess_redis_tell(conn->redis, slot->kind, &slot->call->request.key, reply);
	}
	return r;
}

/* An end, or SENSELESS. */
static enum redis_after conclude(
	struct redis_conn *conn, const struct redis_slot *slot, int status, const char *text)
{
	if (status != SENSELESS) {
		finish(conn, slot, status, text);
		return REDIS_AFTER_NOTHING;
	}
	finish(conn, slot, mcpsess_redis_lost_status(slot), "the server's answer makes no sense");
	return REDIS_AFTER_LOSE;
}

enum redis_after mcpsess_redis_reply(
	struct redis_conn *conn, const struct redis_slot *slot, const redisReply *reply)
{
	if (slot->kind == REDIS_WAIT) {
		return take_wait(conn, slot, reply);
	}
	if (reply->type == REDIS_REPLY_ERROR) {
		return take_error(conn, slot, reply->str);
	}
	struct mcp_session_store_call *call = slot->call;
	if (call == NULL) {
		return REDIS_AFTER_NOTHING;
	}
	int r = SENSELESS;
	int status = MCPSESS_E_UNKNOWN;
	const char *text = NULL;
	if (reply->type == REDIS_REPLY_STRING) {
		status = MCPSESS_OK;
		r = take_piece(conn, slot, reply);
	} else if (is_answer(reply)) {
		status = (int)reply->element[0]->integer;
		call->answer.now_ms = (uint64_t)reply->element[1]->integer;
		if (status == MCPSESS_E_LIMIT) {
			text = reply->elements > 2 ? reply->element[2]->str : NULL;
		}
		r = status == MCPSESS_OK || status == MCPSESS_E_CONFLICT
			    ? take_answer(conn, slot, reply)
			    : MCPSESS_OK;
	}
	return conclude(conn, slot, r == MCPSESS_OK ? status : r, text);
}

/* -- of many ------------------------------------------------------------------------------- */

/* What there was no room for in the answer is asked alone. */
static enum redis_after take_member(struct redis_conn *conn, const struct redis_slot *slot,
	uint64_t now_ms, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_NIL) {
		return reply->type == REDIS_REPLY_ARRAY ? mcpsess_redis_reply(conn, slot, reply)
							: conclude(conn, slot, SENSELESS, NULL);
	}
	if (slot->call == NULL) {
		return REDIS_AFTER_NOTHING;
	}
	if (reply->type == REDIS_REPLY_NIL) {
		mcpsess_redis_wait_last(&conn->queue, conn, slot->call, slot->kind, REDIS_ALONE);
		return REDIS_AFTER_NOTHING;
	}
	return conclude(conn, slot,
		take_whole(conn, slot, now_ms, bytes_of(reply), (size_t)reply->len), NULL);
}

static int is_of_many(const struct redis_slot *first, const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == first->more + 2 &&
	       reply->element[0]->type == REDIS_REPLY_INTEGER && reply->element[0]->integer >= 0;
}

/* now, then of each its record, or what it would be answered alone */
enum redis_after mcpsess_redis_reply_many(
	struct redis_conn *conn, const struct redis_slot *first, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR) {
		mcpsess_redis_dissolve(conn, first);
		return REDIS_AFTER_NOTHING;
	}
	if (!is_of_many(first, reply)) {
		return conclude(conn, first, SENSELESS, NULL);
	}
	uint64_t now_ms = (uint64_t)reply->element[0]->integer;
	struct redis_slot slot = *first;
	enum redis_after after = take_member(conn, &slot, now_ms, reply->element[1]);
	for (size_t i = 2; i < reply->elements && after == REDIS_AFTER_NOTHING; i++) {
		mcpsess_redis_slot_pop(&conn->queue, &slot);
		after = take_member(conn, &slot, now_ms, reply->element[i]);
	}
	return after;
}
