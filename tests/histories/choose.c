/* What a client does next. */
#include "client.h"

#include <stdio.h>

static const uint64_t idles_ms[] = { 0, 0, 0, 30, 100 };

uint64_t mcpsess_client_dice(struct client *client, uint64_t sides)
{
	uint64_t mixed = client->random += 0x9e3779b97f4a7c15u;
	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
	return (mixed ^ (mixed >> 31)) % sides;
}

static void name_key(const struct stage *stage, char kind, uint32_t key, struct mcpsess_digest *out)
{
	char tenant[32], id[16];
	snprintf(tenant, sizeof(tenant), "history-%llu", (unsigned long long)stage->seed);
	snprintf(id, sizeof(id), "%c%u", kind, key);
	mcp_session_store_key(mcpsess_str(tenant), mcpsess_str(id), out);
}

static void aim(struct client *client, unsigned slot, unsigned at)
{
	struct plan *plan = &client->plan;
	plan->slot = slot;
	plan->key = slot * SLOT_KEYS + at;
	plan->owner = slot % (OWNERS + 1);
	plan->ask.owner = client->stage->owners[plan->owner];
	plan->ask.state = MCP_SESSION_STORE_ACTIVE;
	name_key(client->stage, 'r', plan->key, &plan->ask.key);
}

static void make_token(struct client *client)
{
	struct plan *plan = &client->plan;
	plan->token = (uint64_t)(client->index + 1) << 40 | ++client->tokens;
	memcpy(plan->ask.operation, &plan->token, sizeof(plan->token));
}

uint64_t mcpsess_client_digest(struct mcpsess_bytes bytes)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (size_t i = 0; i < bytes.len; i++) {
		hash = (hash ^ ((const unsigned char *)bytes.data)[i]) * 0x100000001b3u;
	}
	return hash | 1;
}

/* A payload like no other. */
static void make_payload(struct client *client)
{
	struct plan *plan = &client->plan;
	size_t len = 16 + (size_t)mcpsess_client_dice(client, PAYLOAD_MAX - 16);
	memset(plan->payload, (int)('a' + plan->token % 26), len);
	memcpy(plan->payload, &client->stage->seed, 8);
	memcpy(plan->payload + 8, &plan->token, 8);
	plan->ask.payload = mcpsess_mem(plan->payload, len);
	plan->sent = mcpsess_client_digest(plan->ask.payload);
}

/* -- the verbs ----------------------------------------------------------------------------------
 */

static void choose_create(struct client *client)
{
	struct plan *plan = &client->plan;
	plan->verb = RECORD_CREATE;
	plan->ask.absolute_ms = 300 + mcpsess_client_dice(client, 4000);
	make_token(client);
	make_payload(client);
}

static void choose_begin(struct client *client)
{
	struct belief *belief = &client->beliefs[client->plan.slot];
	if (mcpsess_client_dice(client, 4) > 0) {
		belief->at = (belief->at + 1) % SLOT_KEYS;
	}
	aim(client, client->plan.slot, belief->at);
	choose_create(client);
}

static void choose_update(struct client *client)
{
	struct plan *plan = &client->plan;
	uint64_t revision = client->beliefs[plan->slot].revision;
	if (mcpsess_client_dice(client, 12) == 0) {
		revision += mcpsess_client_dice(client, 3);
		revision -= revision > 1;
	}
	plan->verb = RECORD_UPDATE;
	plan->ask.revision = revision > 0 ? revision : 1;
	make_token(client);
	make_payload(client);
}

static void choose_get(struct client *client)
{
	client->plan.verb = RECORD_GET;
	if (mcpsess_client_dice(client, 2) == 0) {
		client->plan.flags |= RECORD_TOUCHES;
		client->plan.ask.flags |= MCP_SESSION_STORE_TOUCH;
	}
}

/* To the next key only, so that a record is never twice under one; half with a new payload. */
static void choose_rotate(struct client *client)
{
	struct plan *plan = &client->plan;
	if (plan->key % SLOT_KEYS == SLOT_KEYS - 1) {
		plan->verb = RECORD_DELETE;
		return;
	}
	plan->verb = RECORD_ROTATE;
	plan->new_key = plan->key + 1;
	plan->ask.grace_ms =
		mcpsess_client_dice(client, 3) == 0 ? 0 : mcpsess_client_dice(client, 60);
	name_key(client->stage, 'r', plan->new_key, &plan->ask.new_key);
	make_token(client);
	plan->ask.revision = client->beliefs[plan->slot].revision * mcpsess_client_dice(client, 2);
	if (plan->ask.revision > 0) {
		make_payload(client);
	}
}

static void choose_end_owner(struct client *client)
{
	struct plan *plan = &client->plan;
	plan->verb = RECORD_END_OWNER;
	plan->owner = 1 + (unsigned)mcpsess_client_dice(client, OWNERS);
	plan->ask.owner = client->stage->owners[plan->owner];
}

/* Tokens that the others redeem at about the same time, some of them again much later. */
static void choose_once(struct client *client)
{
	struct plan *plan = &client->plan;
	uint64_t newest = client->tokens / 16 + 64;
	plan->verb = RECORD_ONCE;
	plan->key = (uint32_t)(newest - mcpsess_client_dice(client, client->tokens % 3 ? 3 : 64));
	plan->ask.idle_ms = plan->key % 4 == 0 ? 100 : 3600000;
	name_key(client->stage, 'o', plan->key, &plan->ask.key);
	make_token(client);
}

/* By somebody who is not the owner. */
static void choose_stranger(struct client *client)
{
	static const enum record_verb verbs[] = { RECORD_GET, RECORD_TOUCH, RECORD_EXISTS,
		RECORD_DELETE, RECORD_UPDATE, RECORD_ROTATE };
	struct plan *plan = &client->plan;
	plan->verb = verbs[mcpsess_client_dice(client, sizeof(verbs) / sizeof(verbs[0]))];
	if (plan->verb == RECORD_UPDATE) {
		choose_update(client);
	} else if (plan->verb == RECORD_ROTATE) {
		choose_rotate(client);
	}
	plan->flags |= RECORD_STRANGER;
	plan->owner =
		(plan->owner + 1 + (unsigned)mcpsess_client_dice(client, OWNERS)) % (OWNERS + 1);
	plan->ask.owner = client->stage->owners[plan->owner];
}

/* What was under the key before this one: retired, ended or somebody's next. */
static void choose_former(struct client *client)
{
	struct plan *plan = &client->plan;
	static const enum record_verb verbs[] = { RECORD_GET, RECORD_GET, RECORD_TOUCH,
		RECORD_EXISTS, RECORD_EXISTS };
	aim(client, plan->slot, (plan->key + SLOT_KEYS - 1) % SLOT_KEYS);
	plan->verb = verbs[mcpsess_client_dice(client, sizeof(verbs) / sizeof(verbs[0]))];
}

static void choose_on_record(struct client *client)
{
	static const struct {
		unsigned below; /* of 1000 */
		void (*choose)(struct client *client);
		enum record_verb verb;
	} odds[] = {
		{ 320, choose_get, RECORD_GET },
		{ 620, choose_update, RECORD_UPDATE },
		{ 710, NULL, RECORD_TOUCH },
		{ 800, NULL, RECORD_EXISTS },
		{ 806, NULL, RECORD_DELETE },
		{ 816, choose_rotate, RECORD_ROTATE },
		{ 818, choose_end_owner, RECORD_END_OWNER },
		{ 870, choose_once, RECORD_ONCE },
		{ 910, choose_stranger, RECORD_GET },
		{ 970, choose_former, RECORD_GET },
		{ 1000, choose_create, RECORD_CREATE },
	};
	unsigned dice = (unsigned)mcpsess_client_dice(client, 1000), i = 0;
	while (dice >= odds[i].below) {
		i++;
	}
	client->plan.verb = odds[i].verb;
	if (odds[i].choose != NULL) {
		odds[i].choose(client);
	}
}

void mcpsess_client_choose(struct client *client)
{
	struct plan *plan = &client->plan;
	if (client->wrote && mcpsess_client_dice(client, 40) == 0) {
		/* As one whose answer was lost would. */
		*plan = client->last;
		return;
	}
	memset(plan, 0, sizeof(*plan));
	unsigned slot =
		(unsigned)(mcpsess_client_dice(client, 100) < 60
				   ? mcpsess_client_dice(client, HOT_SLOTS)
				   : HOT_SLOTS + mcpsess_client_dice(client, SLOTS - HOT_SLOTS));
	aim(client, slot, client->beliefs[slot].at);
	plan->ask.idle_ms =
		idles_ms[mcpsess_client_dice(client, sizeof(idles_ms) / sizeof(idles_ms[0]))];
	if (client->beliefs[slot].lives) {
		choose_on_record(client);
	} else {
		choose_begin(client);
	}
}
