#include "client.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { TRIES_MAX = 40 };

typedef int verb_function(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

static verb_function *const verbs[RECORD_VERB_COUNT] = {
	[RECORD_CREATE] = mcp_session_store_pool_store,
	[RECORD_UPDATE] = mcp_session_store_pool_store,
	[RECORD_GET] = mcp_session_store_pool_get,
	[RECORD_TOUCH] = mcp_session_store_pool_touch,
	[RECORD_DELETE] = mcp_session_store_pool_delete,
	[RECORD_EXISTS] = mcp_session_store_pool_exists,
	[RECORD_ROTATE] = mcp_session_store_pool_rotate,
	[RECORD_END_OWNER] = mcp_session_store_pool_end_owner,
	[RECORD_ONCE] = mcp_session_store_pool_once,
};

void mcpsess_stage_set(struct stage *stage, uint64_t seed)
{
	stage->seed = seed;
	for (unsigned i = 1; i <= OWNERS; i++) {
		char tenant[32], principal[8];
		snprintf(tenant, sizeof(tenant), "history-%llu", (unsigned long long)seed);
		snprintf(principal, sizeof(principal), "p%u", i);
		mcp_session_store_owner(
			mcpsess_str(tenant), mcpsess_str(principal), &stage->owners[i]);
	}
}

uint64_t mcpsess_stage_now_ns(const struct stage *stage)
{
	struct timespec now;
	if (stage->pretended_ns > 0) {
		return stage->pretended_ns;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void mcpsess_client_begin(struct client *client, struct stage *stage, unsigned index)
{
	memset(client, 0, sizeof(*client));
	client->stage = stage;
	client->index = index;
	client->random = stage->seed * 1000003u + index;
}

/* -- writing down ------------------------------------------------------------------------------ */

static void write_asked(const struct client *client, struct record *record)
{
	const struct plan *plan = &client->plan;
	record->token = plan->token;
	record->expected = plan->ask.revision;
	record->sent = plan->sent;
	record->idle_ms = plan->ask.idle_ms;
	record->span_ms = plan->verb == RECORD_ROTATE ? plan->ask.grace_ms : plan->ask.absolute_ms;
	record->key = plan->key;
	record->new_key = plan->new_key;
	record->verb = (uint16_t)plan->verb;
	record->flags = (uint16_t)plan->flags;
	record->client = (uint16_t)client->index;
	record->owner = (uint16_t)plan->owner;
	record->status = MCPSESS_PENDING;
	record->begin_ns = mcpsess_stage_now_ns(client->stage);
	/* Before the call, also where a signal ends the process. */
	atomic_signal_fence(memory_order_seq_cst);
}

static uint16_t owner_of(const struct stage *stage, const struct mcpsess_digest *owner)
{
	for (unsigned i = 0; i <= OWNERS; i++) {
		if (memcmp(owner, &stage->owners[i], sizeof(*owner)) == 0) {
			return (uint16_t)i;
		}
	}
	return RECORD_NO_OWNER;
}

static void write_answered(const struct stage *stage, struct record *record, int status,
	const struct mcp_session_store_answer *answer)
{
	record->end_ns = mcpsess_stage_now_ns(stage);
	record->revision = answer->revision;
	record->now_ms = answer->now_ms;
	record->created_ms = answer->created_ms;
	record->expires_ms = answer->expires_ms;
	record->deadline_ms = answer->deadline_ms;
	record->its_owner = owner_of(stage, &answer->owner);
	if (answer->payload.data != NULL || (record->verb == RECORD_GET && status == MCPSESS_OK)) {
		record->got = mcpsess_client_digest(answer->payload);
	}
	record->status = status;
}

/* -- learning ------------------------------------------------------------------------------------
 */

static int is_gone(int status)
{
	return status == MCPSESS_E_NOTFOUND || status == MCPSESS_E_EXPIRED ||
	       status == MCPSESS_E_REVOKED;
}

static void learn(struct client *client, int status, uint64_t revision)
{
	const struct plan *plan = &client->plan;
	struct belief *belief = &client->beliefs[plan->slot];
	if (plan->verb == RECORD_END_OWNER || plan->verb == RECORD_ONCE ||
		(plan->flags & RECORD_STRANGER) != 0) {
		return;
	}
	if (status == MCPSESS_OK && plan->verb == RECORD_ROTATE) {
		belief->at = plan->new_key % SLOT_KEYS;
		belief->revision = revision;
	} else if (is_gone(status) || plan->verb == RECORD_DELETE) {
		belief->lives = belief->at != plan->key % SLOT_KEYS;
	} else if (status == MCPSESS_OK || status == MCPSESS_E_CONFLICT) {
		*belief = (struct belief){
			.at = plan->key % SLOT_KEYS, .lives = 1, .revision = revision
		};
	} else if (status == MCPSESS_E_EXISTS && plan->verb == RECORD_CREATE) {
		belief->lives = 1;
	}
}

/* A write whose outcome is not known is tried again at once, with the same token. */
static void think_of_retry(struct client *client, int status)
{
	const struct plan *plan = &client->plan;
	int unknown = status == MCPSESS_E_UNKNOWN ||
		      (status == MCPSESS_E_UNAVAILABLE && client->tries > 0);
	if (unknown && plan->token != 0 && client->tries < TRIES_MAX) {
		client->tries++;
		return;
	}
	client->tries = 0;
	client->wrote = plan->token != 0 && status == MCPSESS_OK;
	if (client->wrote) {
		client->last = *plan;
	}
}

/* For people; once, however often it goes wrong the same way. */
static void complain(struct client *client, int status, const struct mcpsess_error *err)
{
	if ((status == MCPSESS_E_UNAVAILABLE || status == MCPSESS_E_UNKNOWN) &&
		strncmp(client->complaint, err->text, sizeof(client->complaint) - 1) != 0) {
		memcpy(client->complaint, err->text, sizeof(client->complaint) - 1);
		fprintf(stderr, "%s: %s\n", mcpsess_status_name(status), err->text);
	}
}

int mcpsess_client_step(struct client *client)
{
	struct mcp_session_store_answer answer = { 0 };
	struct mcpsess_error err = { 0 };
	struct record *record = mcpsess_journal_next(&client->journal);
	if (record == NULL) {
		return MCPSESS_PENDING;
	}
	if (client->tries == 0) {
		mcpsess_client_choose(client);
	}
	client->plan.ask.payload.data = client->plan.payload;
	write_asked(client, record);
	int status =
		verbs[client->plan.verb](client->stage->pool, &client->plan.ask, &answer, &err);
	write_answered(client->stage, record, status, &answer);
	mcp_session_store_answer_clear(&answer);
	complain(client, status, &err);
	learn(client, status, record->revision);
	think_of_retry(client, status);
	return status;
}
