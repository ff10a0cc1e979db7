/* One-time tokens, and whether what is behind the store answers. */
#include "kit.h"

enum { RACES = 50 };

static const char *const second = "a token that was redeemed is EXISTS";

static struct mcp_session_store_request fresh_token(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	memcpy(ask.operation, ask.key.bytes, sizeof(ask.operation));
	return ask;
}

static int redeem(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask)
{
	return mcpsess_kit_do(kit, KIT_ONCE, ask);
}

static void a_token_is_redeemed_once(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_token(kit), other = fresh_token(kit);
	WANT(kit, redeem(kit, &ask), MCPSESS_OK, "a token is redeemed the first time");
	memset(ask.operation, 0, sizeof(ask.operation));
	for (int i = 0; i < 3; i++) {
		WANT(kit, redeem(kit, &ask), MCPSESS_E_EXISTS, second);
	}
	ask.owner = other.owner;
	WANT(kit, redeem(kit, &ask), MCPSESS_E_EXISTS, "a token is redeemed once, whoever comes");
	WANT(kit, redeem(kit, &other), MCPSESS_OK, "each token is redeemed for itself");
}

static void a_redemption_repeated_answers_as_the_first(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_token(kit), other = ask;
	other.operation[15] ^= 1;
	for (int i = 0; i < 3; i++) {
		WANT(kit, redeem(kit, &ask), MCPSESS_OK,
			"a redemption repeated with its operation token succeeds again");
		WANT(kit, redeem(kit, &other), MCPSESS_E_EXISTS, second);
	}
}

static void a_redemption_is_remembered(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_token(kit);
	mcpsess_kit_now(kit);
	ask.idle_ms = kit->settings.idle_ms;
	uint64_t before_ms = mcpsess_kit_now(kit);
	WANT(kit, redeem(kit, &ask), MCPSESS_OK, "a token is redeemed the first time");
	memset(ask.operation, 0, sizeof(ask.operation));
	mcpsess_kit_go(kit, before_ms + ask.idle_ms - kit->margin_ms);
	KIT_OR_RETURN(mcpsess_kit_held(kit, redeem(kit, &ask), MCPSESS_E_EXISTS,
		before_ms + ask.idle_ms, "a redemption is remembered for its duration"));
}

static void tokens_and_records_do_not_meet(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_token(kit), other = fresh_token(kit);
	WANT(kit, redeem(kit, &ask), MCPSESS_OK, "a token is redeemed the first time");
	WANT(kit, get(kit, &ask), MCPSESS_E_NOTFOUND, "a token is no record");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create of a record with the key of a token");
	WANT(kit, create(kit, &other), MCPSESS_OK, "create");
	WANT(kit, redeem(kit, &other), MCPSESS_OK, "a token with the key of a record is redeemed");
	WANT(kit, get(kit, &other), MCPSESS_OK, "a redemption leaves records alone");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	memset(ask.operation, 0, sizeof(ask.operation));
	WANT(kit, redeem(kit, &ask), MCPSESS_E_EXISTS, "a delete leaves tokens alone");
}

struct race {
	struct mcp_session_store_request asks[RACES];
	atomic_uint redeemed;
};

static void redeem_all(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct race *race = user_data;
	for (int i = 0; i < RACES; i++) {
		struct mcp_session_store_request ask = race->asks[i];
		ask.operation[0] ^= (unsigned char)(index + 1);
		int status = redeem(kit, &ask);
		if (status == MCPSESS_OK) {
			atomic_fetch_add(&race->redeemed, 1);
		} else {
			WANT(kit, status, MCPSESS_E_EXISTS, second);
		}
	}
}

static void of_many_one_redeems(struct mcpsess_kit *kit)
{
	struct race *race = mcpsess_kit_alloc(kit, sizeof(*race));
	for (int i = 0; i < RACES; i++) {
		race->asks[i] = fresh_token(kit);
	}
	mcpsess_kit_threads(kit, redeem_all, race);
	SAME(kit, atomic_load(&race->redeemed), RACES,
		"of redemptions in parallel exactly one succeeds");
}

static void it_answers(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = { 0 };
	WANT(kit, mcpsess_kit_do(kit, KIT_PING, &ask), MCPSESS_OK, "ping of a store that serves");
}

enum { ONCE = MCP_SESSION_STORE_CAN_ONCE };

const struct mcpsess_kit_case mcpsess_kit_once_cases[] = {
	{ .name = "once-is-once",
		.run = a_token_is_redeemed_once,
		.flags = KIT_IN_ALL,
		.needs = ONCE },
	{ .name = "once-repeated",
		.run = a_redemption_repeated_answers_as_the_first,
		.flags = KIT_IN_ALL,
		.needs = ONCE },
	{ .name = "once-lasts",
		.run = a_redemption_is_remembered,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = ONCE },
	{ .name = "once-apart",
		.run = tokens_and_records_do_not_meet,
		.flags = KIT_IN_ALL,
		.needs = ONCE },
	{ .name = "once-in-parallel",
		.run = of_many_one_redeems,
		.flags = KIT_IN_THREADS | KIT_ALONE,
		.needs = ONCE },
	{ .name = "ping",
		.run = it_answers,
		.flags = KIT_IN_ALL,
		.needs = MCP_SESSION_STORE_CAN_PING },
	{ 0 },
};
