/* Arguments: what is refused before a store is troubled, and the names of keys. */
#include "kit.h"

static void the_store_says_what_it_is(struct mcpsess_kit *kit)
{
	const char *scheme = kit->mode == KIT_THREADS ? mcp_session_store_pool_scheme(kit->pool)
						      : mcp_session_store_scheme(kit->store);
	uint32_t can = kit->mode == KIT_THREADS ? mcp_session_store_pool_can(kit->pool)
						: mcp_session_store_can(kit->store);
	size_t len = strlen(scheme);
	THAT(kit, strncmp(scheme, kit->run->uri, len) == 0 && kit->run->uri[len] == ':',
		"the scheme is the URI's: %s came", scheme);
	/* A pool takes the waiting and the locking on itself. */
	uint32_t both = ~(uint32_t)(MCP_SESSION_STORE_CAN_PEND | MCP_SESSION_STORE_CAN_THREADS);
	SAME(kit, can & both, kit->run->can & both, "what a store can do never changes");
}

static void an_empty_key_is_invalid(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	memset(&ask.key, 0, sizeof(ask.key));
	WANT(kit, create(kit, &ask), MCPSESS_E_INVALID, "create without a key is INVALID");
	WANT(kit, update(kit, &ask, 1), MCPSESS_E_INVALID, "update without a key is INVALID");
	WANT(kit, get(kit, &ask), MCPSESS_E_INVALID, "get without a key is INVALID");
	WANT(kit, touch(kit, &ask), MCPSESS_E_INVALID, "touch without a key is INVALID");
	WANT(kit, exists(kit, &ask), MCPSESS_E_INVALID, "exists without a key is INVALID");
	WANT(kit, erase(kit, &ask), MCPSESS_E_INVALID, "delete without a key is INVALID");
}

static void unknown_values_are_invalid(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), bad = ask;
	bad.state = MCP_SESSION_STORE_CLOSED;
	WANT(kit, create(kit, &bad), MCPSESS_E_INVALID, "a record is never created closed");
	bad.state = 77;
	WANT(kit, create(kit, &bad), MCPSESS_E_INVALID, "an unknown state is INVALID");
	bad = ask;
	bad.kind = 77;
	WANT(kit, create(kit, &bad), MCPSESS_E_INVALID, "an unknown kind is INVALID");
	bad = ask;
	bad.flags = 1u << 30;
	WANT(kit, create(kit, &bad), MCPSESS_E_INVALID, "an unknown flag is INVALID");
	WANT(kit, get(kit, &bad), MCPSESS_E_INVALID, "an unknown flag is INVALID");
	bad = ask;
	bad.payload.len = 1;
	WANT(kit, create(kit, &bad), MCPSESS_E_INVALID, "a payload of length 1 at NULL is INVALID");
	WANT(kit, get(kit, &ask), MCPSESS_E_NOTFOUND, "what is INVALID leaves nothing");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create after what is INVALID");
	bad = ask;
	bad.state = MCP_SESSION_STORE_CLOSED;
	WANT(kit, update(kit, &bad, 1), MCPSESS_E_INVALID, "an update never closes a record");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get after what is INVALID");
	SAME(kit, kit->answer.revision, 1, "what is INVALID changes nothing");
}

static void refs_name_keys(struct mcpsess_kit *kit)
{
	static const char *const bad[] = { "", "short",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB" };
	for (int i = 0; i < 50; i++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		struct mcpsess_digest back;
		char ref[44];
		mcp_session_store_ref(&ask.key, ref);
		SAME(kit, strlen(ref), 43, "a ref has 43 characters");
		WANT(kit, mcp_session_store_unref(mcpsess_str(ref), &back), MCPSESS_OK,
			"a ref is read back");
		THAT(kit, memcmp(&back, &ask.key, sizeof(back)) == 0,
			"a ref is read back as its key: another came");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mcpsess_digest out = { { 1 } };
		WANT(kit, mcp_session_store_unref(mcpsess_str(bad[i]), &out), MCPSESS_E_INVALID,
			"what is no ref is INVALID");
		SAME(kit, out.bytes[0], 1, "on failure the key is left alone");
	}
}

static void keys_keep_tenants_apart(struct mcpsess_kit *kit)
{
	static const char *const pairs[][2] = { { "", "ab" }, { "a", "b" }, { "ab", "" },
		{ "b", "a" } };
	enum { PAIRS = sizeof(pairs) / sizeof(pairs[0]) };
	struct mcpsess_digest keys[PAIRS], owners[PAIRS], none;
	memset(&none, 0, sizeof(none));
	for (size_t i = 0; i < PAIRS; i++) {
		struct mcpsess_bytes tenant = mcpsess_str(pairs[i][0]),
				     id = mcpsess_str(pairs[i][1]);
		mcp_session_store_key(tenant, id, &keys[i]);
		mcp_session_store_owner(tenant, id, &owners[i]);
		THAT(kit, memcmp(&keys[i], &owners[i], sizeof(none)) != 0,
			"a key is no owner digest: the two are one");
		THAT(kit, (memcmp(&owners[i], &none, sizeof(none)) == 0) == (id.len == 0),
			"an empty principal, and no other, is nobody");
		for (size_t j = 0; j < i; j++) {
			THAT(kit, memcmp(&keys[i], &keys[j], sizeof(none)) != 0,
				"tenant and id do not run into each other: two have one key");
			THAT(kit, memcmp(&owners[i], &owners[j], sizeof(none)) != 0,
				"tenant and principal do not run into each other: two have one "
				"digest");
		}
	}
}

static void opening_checks_the_uri(struct mcpsess_kit *kit)
{
	static const char *const more[] = { "idle=5", "idle=-1s", "idle=", "no_such_parameter=1",
		"idle=1s&idle=2s", "max_sessions=many" };
	char uri[2048];
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		struct mcp_session_store *store = (void *)kit;
		struct mcp_session_store_options options = { .size = sizeof(options),
			.module_dir = kit->run->options.module_dir };
		snprintf(uri, sizeof(uri), "%s%c%s", kit->run->uri,
			strchr(kit->run->uri, '?') != NULL ? '&' : '?', more[i]);
		int status = mcp_session_store_open(uri, &options, &store, &kit->error);
		WANT(kit, status, MCPSESS_E_INVALID, "a parameter that is wrong is INVALID");
		THAT(kit, (void *)store == (void *)kit,
			"on failure *out is left alone: it was written");
	}
}

enum { ONCE = KIT_IN_BLOCKING };

const struct mcpsess_kit_case mcpsess_kit_argument_cases[] = {
	{ .name = "what-it-is", .run = the_store_says_what_it_is, .flags = KIT_IN_ALL },
	{ .name = "no-key", .run = an_empty_key_is_invalid, .flags = KIT_IN_ALL },
	{ .name = "unknown-values", .run = unknown_values_are_invalid, .flags = KIT_IN_ALL },
	{ .name = "refs", .run = refs_name_keys, .flags = ONCE },
	{ .name = "keys", .run = keys_keep_tenants_apart, .flags = ONCE },
	{ .name = "uri", .run = opening_checks_the_uri, .flags = ONCE },
	{ 0 },
};
