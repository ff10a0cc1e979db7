#include "run.h"

#include <stdarg.h>
#include <time.h>

enum { HOUR_MS = 3600 * 1000, TEN_YEARS_S = 10 * 365 * 86400 };

/* Of a case that moves or waits for the clock. */
static const struct durations {
	uint64_t idle_ms, absolute_ms, tombstone_ms, margin_ms;
} timed[] = {
	[KIT_CLOCK_REAL] = { 400, 1600, 1200, 100 },
	[KIT_CLOCK_JUMPS] = { 60000, 600000, 120000, 3000 },
	[KIT_CLOCK_FROZEN] = { 60000, 600000, 120000, 1 },
}, untimed = { HOUR_MS / 6, HOUR_MS, HOUR_MS / 60, 1000 };

__attribute__((format(printf, 2, 3))) static int unfit(
	struct mcpsess_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	err->status = MCPSESS_E_INVALID;
	err->sys = 0;
	return MCPSESS_E_INVALID;
}

static void settings_of(const struct mcpsess_kit *kit, struct mcp_session_store_options *options)
{
	const struct mcpsess_kit_run *run = kit->run;
	const struct durations *durations =
		kit->its_case->flags & KIT_TIMED ? &timed[run->clock] : &untimed;
	memset(options, 0, sizeof(*options));
	options->size = sizeof(*options);
	options->idle_ms = durations->idle_ms;
	options->absolute_ms = durations->absolute_ms;
	options->tombstone_ms = kit->its_case->flags & KIT_NO_TOMBSTONES ? MCP_SESSION_STORE_NONE
									 : durations->tombstone_ms;
	options->max_sessions = kit->its_case->max_sessions;
	options->max_sessions_per_owner = kit->its_case->max_sessions_per_owner;
	/* Generous: a deadline missed on a loaded machine is no broken promise. */
	options->connect_timeout_ms = 10000;
	options->timeout_ms = 10000;
	options->module_dir = run->options.module_dir;
	options->hooks = &run->hooks;
}

int mcpsess_kit_open(struct mcpsess_kit *kit, struct mcpsess_error *err)
{
	struct mcp_session_store_options options;
	settings_of(kit, &options);
	kit->margin_ms = kit->its_case->flags & KIT_TIMED ? timed[kit->run->clock].margin_ms
							  : untimed.margin_ms;
	if (kit->mode == KIT_THREADS) {
		int status =
			mcp_session_store_pool_open(kit->run->uri, &options, 0, &kit->pool, err);
		if (status == MCPSESS_OK) {
			mcp_session_store_pool_settings(kit->pool, &kit->settings);
		}
		return status;
	}
	int status = mcp_session_store_open(kit->run->uri, &options, &kit->store, err);
	if (status == MCPSESS_OK) {
		mcp_session_store_settings(kit->store, &kit->settings);
	}
	return status;
}

void mcpsess_kit_close(struct mcpsess_kit *kit)
{
	mcpsess_kit_leave(kit);
	mcp_session_store_close(kit->store);
	mcp_session_store_pool_close(kit->pool);
	kit->store = NULL;
	kit->pool = NULL;
}

/* -- the probe -------------------------------------------------------------------------------- */

/* A parameter of the URI beats the settings in code, and then the kit could not vary it. */
static int settings_are_free(struct mcpsess_kit *kit, struct mcpsess_error *err)
{
	struct mcp_session_store_options wanted;
	const struct mcp_session_store_options *got = &kit->settings;
	settings_of(kit, &wanted);
	const char *fixed = got->idle_ms != wanted.idle_ms             ? "idle"
			    : got->absolute_ms != wanted.absolute_ms   ? "absolute"
			    : got->tombstone_ms != wanted.tombstone_ms ? "tombstone"
			    : got->max_sessions != wanted.max_sessions ? "max_sessions"
			    : got->max_sessions_per_owner != wanted.max_sessions_per_owner
				    ? "max_sessions_per_owner"
				    : NULL;
	if (fixed != NULL) {
		return unfit(err, "the URI must leave %s to the kit", fixed);
	}
	return MCPSESS_OK;
}

static int store_is_empty(struct mcpsess_kit *kit, struct mcpsess_error *err)
{
	struct mcp_session_store_request ask;
	memset(&ask, 0, sizeof(ask));
	ask.flags = MCP_SESSION_STORE_ANY_OWNER;
	if (!(kit->run->can & MCP_SESSION_STORE_CAN_LIST)) {
		return MCPSESS_OK;
	}
	do {
		int status = mcp_session_store_list(kit->store, &ask, &kit->answer, err);
		if (status < 0) {
			/* The cases will say what is wrong with lists. */
			return MCPSESS_OK;
		}
		memcpy(ask.cursor, kit->answer.cursor, sizeof(ask.cursor));
		if (kit->answer.entry_count > 0) {
			return unfit(err,
				"the store holds records; the kit counts, so it needs one "
				"of its own (a prefix, a schema)");
		}
	} while (ask.cursor[0] != '\0');
	return MCPSESS_OK;
}

/* 1 or 0, or why the store cannot tell. */
static int clock_follows(struct mcpsess_kit *kit, struct mcpsess_error *err)
{
	int tries = kit->run->options.flags & MCPSESS_CONFORMANCE_FAULTS ? 100 : 1;
	uint64_t before = 0, after = 0;
	int status = MCPSESS_E_UNAVAILABLE;
	for (int i = 0; i < tries && status < 0; i++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		before = mcpsess_kit_hook_now(kit->run);
		status = mcp_session_store_store(kit->store, &ask, &kit->answer, err);
		after = mcpsess_kit_hook_now(kit->run);
		mcp_session_store_delete(kit->store, &ask, NULL, NULL);
	}
	return status < 0 ? status : kit->answer.now_ms >= before && kit->answer.now_ms <= after;
}

/* Years ahead no other clock agrees with the kit's by chance. */
static int probe_clock(struct mcpsess_kit *kit, struct mcpsess_error *err)
{
	int follows = clock_follows(kit, err);
	if (follows > 0) {
		atomic_fetch_add(&kit->run->clock_ms, HOUR_MS);
		follows = clock_follows(kit, err);
	}
	kit->run->clock = follows > 0 ? KIT_CLOCK_JUMPS : KIT_CLOCK_REAL;
	return follows < 0 ? follows : MCPSESS_OK;
}

static void settle_clock(struct mcpsess_kit_run *run)
{
	if (run->clock == KIT_CLOCK_REAL) {
		run->hooks.now_ms = NULL;
	} else if (!(run->can & MCP_SESSION_STORE_CAN_PEND)) {
		/* What pends needs time to pass; everything else is exact when it does not. */
		uint64_t now_ms = mcpsess_kit_hook_now(run);
		run->clock = KIT_CLOCK_FROZEN;
		atomic_store(&run->clock_ms, now_ms);
	}
}

int mcpsess_kit_probe(
	struct mcpsess_kit_run *run, char *scheme, size_t capacity, struct mcpsess_error *err)
{
	static const struct mcpsess_kit_case probe = { .name = "probe",
		.flags = KIT_TIMED,
		.max_sessions = 1000,
		.max_sessions_per_owner = 1000 };
	struct mcpsess_kit kit = { .run = run, .its_case = &probe, .mode = KIT_BLOCKING };
	run->clock = KIT_CLOCK_JUMPS;
	atomic_store(&run->clock_ms, ((uint64_t)time(NULL) + TEN_YEARS_S) * 1000u);
	int status = mcpsess_kit_open(&kit, err);
	if (status < 0) {
		return status;
	}
	run->can = mcp_session_store_can(kit.store);
	snprintf(scheme, capacity, "%s", mcp_session_store_scheme(kit.store));
	status = settings_are_free(&kit, err);
	if (status == MCPSESS_OK) {
		status = store_is_empty(&kit, err);
	}
	if (status == MCPSESS_OK) {
		status = probe_clock(&kit, err);
	}
	mcpsess_kit_close(&kit);
	settle_clock(run);
	atomic_store(&run->allocations, 0);
	return status;
}
