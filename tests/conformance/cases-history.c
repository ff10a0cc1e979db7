/*
 * Everything at random on a few records, written down, and afterwards: could it have happened one
 * step at a time? The only cases that also bear a store that fails.
 */
#include "history.h"
#include "kit.h"

#include <time.h>

enum {
	SLOTS = 6,
	LIVES = 60,
	STEPS = 12000,
	WORKERS_IN_FLIGHT = 16,
	BYTES = 600,
	BEGIN_TRIES = 100
};

/* Slots hold one record each; when it is deleted the next life begins with the next key. */
struct stage {
	struct mcp_session_store_request lives[SLOTS][LIVES];
	atomic_uint current[SLOTS];
	atomic_uint claimed[SLOTS][LIVES]; /* somebody deletes it and begins the next */
	int faults;
};

/* One client: what it does now, what it has seen, what it has written down. */
struct worker {
	struct stage *stage;
	struct mcpsess_kit *kit;
	struct mcpsess_history_event *events;
	size_t event_count;
	unsigned steps, steps_max;

	unsigned slot, life;
	enum mcpsess_kit_verb verb;
	int creates, deletes;
	uint64_t begin;
	uint64_t seen[SLOTS]; /* revision, of the life below */
	unsigned seen_life[SLOTS];
	struct mcp_session_store_request ask;
	struct mcpsess_kit_call call; /* mode dispatch */
	int flies;
	char payload[BYTES];
};

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* -- choosing -------------------------------------------------------------------------------- */

/* A payload that says which revision it means to be. */
static void set_payload(struct worker *worker, uint64_t revision)
{
	size_t len = 8 + mcpsess_kit_random(worker->kit) % (BYTES - 8);
	mcpsess_kit_fill(worker->payload, len, revision);
	worker->ask.payload = mcpsess_mem(worker->payload, len);
}

static void choose_update(struct worker *worker)
{
	uint64_t revision =
		worker->seen_life[worker->slot] == worker->life ? worker->seen[worker->slot] : 0;
	if (mcpsess_kit_random(worker->kit) % 8 == 0) {
		revision = mcpsess_kit_random(worker->kit) % 8;
	}
	worker->verb = KIT_STORE;
	worker->ask.revision = revision > 0 ? revision : 1;
	set_payload(worker, worker->ask.revision + 1);
}

static void choose_delete(struct worker *worker)
{
	worker->verb = KIT_EXISTS;
	if (worker->life + 1 < LIVES &&
		atomic_exchange(&worker->stage->claimed[worker->slot][worker->life], 1) == 0) {
		worker->verb = KIT_DELETE;
		worker->deletes = 1;
	}
}

static void choose(struct worker *worker)
{
	uint64_t dice = mcpsess_kit_random(worker->kit) % 100;
	worker->slot = (unsigned)(mcpsess_kit_random(worker->kit) % SLOTS);
	worker->life = atomic_load(&worker->stage->current[worker->slot]);
	worker->ask = worker->stage->lives[worker->slot][worker->life];
	if (dice < 45) {
		worker->verb = KIT_GET;
		worker->ask.flags = dice % 2 ? MCP_SESSION_STORE_TOUCH : 0;
	} else if (dice < 80) {
		choose_update(worker);
	} else if (dice < 90) {
		worker->verb = KIT_TOUCH;
	} else if (dice < 98) {
		worker->verb = KIT_EXISTS;
	} else {
		choose_delete(worker);
	}
}

static void choose_next_life(struct worker *worker)
{
	worker->ask = worker->stage->lives[worker->slot][worker->life];
	worker->verb = KIT_STORE;
	worker->ask.revision = 0;
	set_payload(worker, 1);
}

/* Fill in the next verb. */
static void prepare(struct worker *worker)
{
	if (worker->creates) {
		choose_next_life(worker);
	} else if (!worker->deletes) {
		choose(worker);
	}
	worker->steps++;
	worker->begin = now_ns();
}

/* -- writing down ------------------------------------------------------------------------------ */

static void write_down(
	struct worker *worker, enum mcpsess_history_kind kind, uint64_t revision, int unknown)
{
	worker->events[worker->event_count++] = (struct mcpsess_history_event){
		.key = (uint64_t)worker->slot * LIVES + worker->life,
		.revision = revision,
		.begin = worker->begin,
		.end = unknown ? UINT64_MAX : now_ns(),
		.kind = kind,
		.unknown = (uint32_t)unknown,
	};
}

static void saw(struct worker *worker, uint64_t revision)
{
	worker->seen[worker->slot] = revision;
	worker->seen_life[worker->slot] = worker->life;
}

static void begin_next_life(struct worker *worker)
{
	worker->deletes = 0;
	worker->creates = 1;
	worker->life++;
}

static void conclude_store(
	struct worker *worker, int status, const struct mcp_session_store_answer *answer)
{
	uint64_t made = worker->ask.revision + 1;
	if (status == MCPSESS_E_UNKNOWN) {
		write_down(worker, HISTORY_WRITE, made, 1);
	} else if (status == MCPSESS_E_CONFLICT) {
		write_down(worker, HISTORY_SAW, answer->revision, 0);
		saw(worker, answer->revision);
		mcpsess_kit_want(worker->kit,
			answer->revision != worker->ask.revision ? MCPSESS_OK : status, MCPSESS_OK,
			"an update with the standing revision succeeds");
	} else if (status == MCPSESS_OK) {
		mcpsess_kit_same(worker->kit, answer->revision, made,
			"a write raises the revision by exactly 1");
		write_down(worker, HISTORY_WRITE, answer->revision, 0);
		saw(worker, answer->revision);
	}
	/* EXISTS is an earlier attempt of this worker's, whose answer was lost. */
	if (worker->creates && (status == MCPSESS_OK || status == MCPSESS_E_EXISTS)) {
		atomic_store(&worker->stage->current[worker->slot], worker->life);
		worker->creates = 0;
	}
}

static void conclude_read(struct worker *worker, const struct mcp_session_store_answer *answer)
{
	uint64_t stamp = 0;
	write_down(worker, HISTORY_SAW, answer->revision, 0);
	saw(worker, answer->revision);
	if (worker->verb == KIT_GET &&
		(!mcpsess_kit_whole(answer->payload, &stamp) || stamp != answer->revision)) {
		mcpsess_kit_fail(worker->kit,
			"payload and revision are of one write: revision %llu "
			"came with a payload of another, or a mixture",
			(unsigned long long)answer->revision);
	}
}

static int is_expected(const struct worker *worker, int status)
{
	if (status == MCPSESS_E_UNAVAILABLE || status == MCPSESS_E_UNKNOWN) {
		return worker->stage->faults;
	}
	if (worker->creates) {
		return status == MCPSESS_OK ||
		       (status == MCPSESS_E_EXISTS && worker->stage->faults);
	}
	return status == MCPSESS_OK || status == MCPSESS_E_NOTFOUND ||
	       status == MCPSESS_E_REVOKED ||
	       (status == MCPSESS_E_CONFLICT && worker->verb == KIT_STORE);
}

/* What the verb answered. */
static void conclude(
	struct worker *worker, int status, const struct mcp_session_store_answer *answer)
{
	if (!is_expected(worker, status)) {
		mcpsess_kit_fail(worker->kit, "a verb on a record that others change: %s came",
			mcpsess_status_name(status));
	} else if (status == MCPSESS_E_NOTFOUND || status == MCPSESS_E_REVOKED) {
		write_down(worker, HISTORY_MISS, 0, 0);
	} else if (worker->verb == KIT_STORE) {
		conclude_store(worker, status, answer);
	} else if (worker->verb == KIT_DELETE) {
		if (status == MCPSESS_OK || status == MCPSESS_E_UNKNOWN) {
			write_down(worker, HISTORY_DELETE, 0, status != MCPSESS_OK);
		}
		if (status == MCPSESS_OK) {
			begin_next_life(worker);
		}
	} else if (status == MCPSESS_OK) {
		conclude_read(worker, answer);
	}
}

/* -- running ------------------------------------------------------------------------------------
 */

static int works_on(const struct worker *worker)
{
	return !worker->kit->failed &&
	       (worker->steps < worker->steps_max || worker->creates || worker->deletes) &&
	       worker->steps < 2 * worker->steps_max;
}

static void work(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct worker *worker = &((struct worker *)user_data)[index];
	worker->kit = kit;
	while (works_on(worker)) {
		prepare(worker);
		conclude(worker, mcpsess_kit_do(kit, worker->verb, &worker->ask), &kit->answer);
	}
}

/* Whether the worker has a call under way. */
static int fly(struct worker *worker)
{
	struct mcpsess_kit_call *call = &worker->call;
	if (!worker->flies && works_on(worker)) {
		prepare(worker);
		call->call.request = worker->ask;
		mcpsess_kit_start(worker->kit, worker->verb, call);
		worker->flies = 1;
	}
	if (worker->flies && call->status != MCPSESS_PENDING) {
		worker->flies = 0;
		conclude(worker, call->status, &call->call.answer);
		mcp_session_store_answer_clear(&call->call.answer);
	}
	return worker->flies;
}

/* Many calls in flight at once from one thread. */
static void work_in_flight(struct mcpsess_kit *kit, struct worker *workers)
{
	unsigned works = 1, flying = 0, in_vain = 0;
	while ((works > 0 || flying > 0) && in_vain < 200) {
		works = flying = 0;
		for (unsigned i = 0; i < WORKERS_IN_FLIGHT; i++) {
			workers[i].kit = kit;
			flying += (unsigned)fly(&workers[i]);
			works += (unsigned)works_on(&workers[i]);
		}
		if (flying > 0) {
			in_vain = mcpsess_kit_turn(kit, 100) > 0 ? 0 : in_vain + 1;
		}
	}
	if (flying > 0) {
		mcpsess_kit_fail(kit,
			"a pending call ends, at the latest by its deadline: %u did not", flying);
	}
}

static struct stage *set_stage(struct mcpsess_kit *kit)
{
	struct stage *stage = mcpsess_kit_alloc(kit, sizeof(*stage));
	stage->faults = (kit->run->options.flags & MCPSESS_CONFORMANCE_FAULTS) != 0;
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		for (unsigned life = 0; life < LIVES; life++) {
			stage->lives[slot][life] = mcpsess_kit_fresh(kit);
		}
	}
	return stage;
}

static struct worker *hire(struct mcpsess_kit *kit, struct stage *stage, unsigned count)
{
	size_t room = 2 * STEPS / count + SLOTS * BEGIN_TRIES;
	struct worker *workers = mcpsess_kit_alloc(kit, count * sizeof(workers[0]));
	for (unsigned i = 0; i < count; i++) {
		workers[i].stage = stage;
		workers[i].kit = kit;
		workers[i].steps_max = STEPS / count;
		workers[i].events = mcpsess_kit_alloc(kit, room * sizeof(workers[i].events[0]));
	}
	return workers;
}

/* Whoever works first begins the first lives; a store that fails may need more than one try. */
static void begin_lives(struct mcpsess_kit *kit, struct worker *worker)
{
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		worker->slot = slot;
		worker->life = 0;
		worker->creates = 1;
		for (int tries = 0; worker->creates && tries < BEGIN_TRIES && !kit->failed;
			tries++) {
			prepare(worker);
			conclude(worker, mcpsess_kit_do(kit, worker->verb, &worker->ask),
				&kit->answer);
		}
	}
	worker->steps = 0;
}

static void judge(struct mcpsess_kit *kit, const struct worker *workers, unsigned count)
{
	char text[200];
	size_t total = 0, at = 0;
	for (unsigned i = 0; i < count; i++) {
		total += workers[i].event_count;
	}
	struct mcpsess_history_event *events = mcpsess_kit_alloc(kit, total * sizeof(events[0]));
	for (unsigned i = 0; i < count; i++) {
		memcpy(&events[at], workers[i].events, workers[i].event_count * sizeof(events[0]));
		at += workers[i].event_count;
	}
	if (mcpsess_history_check(events, total, text, sizeof(text)) < 0) {
		mcpsess_kit_fail(
			kit, "%s (seed %llu)", text, (unsigned long long)kit->run->options.seed);
	}
}

static void a_history_is_one_step_at_a_time(struct mcpsess_kit *kit)
{
	unsigned count = kit->mode == KIT_THREADS    ? kit->run->options.threads
			 : kit->mode == KIT_DISPATCH ? WORKERS_IN_FLIGHT
						     : 1;
	struct worker *workers = hire(kit, set_stage(kit), count);
	begin_lives(kit, &workers[0]);
	if (kit->mode == KIT_THREADS) {
		mcpsess_kit_threads(kit, work, workers);
	} else if (kit->mode == KIT_DISPATCH) {
		work_in_flight(kit, workers);
	} else {
		work(kit, 0, workers);
	}
	if (!kit->failed) {
		judge(kit, workers, count);
	}
}

const struct mcpsess_kit_case mcpsess_kit_history_cases[] = {
	{ .name = "history",
		.run = a_history_is_one_step_at_a_time,
		.flags = KIT_IN_ALL | KIT_ALONE | KIT_FAULTS },
	{ 0 },
};
