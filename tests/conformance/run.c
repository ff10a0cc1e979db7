#include "run.h"

#include <time.h>
#include <unistd.h>

static const struct mcpsess_kit_case *const tables[] = {
	mcpsess_kit_argument_cases,
	mcpsess_kit_record_cases,
	mcpsess_kit_revision_cases,
	mcpsess_kit_owner_cases,
	mcpsess_kit_expiry_cases,
	mcpsess_kit_tombstone_cases,
	mcpsess_kit_limit_cases,
	mcpsess_kit_operation_cases,
	mcpsess_kit_count_cases,
	mcpsess_kit_list_cases,
	mcpsess_kit_memory_cases,
	mcpsess_kit_call_cases,
	mcpsess_kit_upkeep_cases,
	mcpsess_kit_rotate_cases,
	mcpsess_kit_ended_cases,
	mcpsess_kit_once_cases,
	mcpsess_kit_race_cases,
	mcpsess_kit_history_cases,
};
enum { TABLE_COUNT = sizeof(tables) / sizeof(tables[0]) };

static const char *const mode_names[] = { "blocking", "dispatch", "threads" };

static const char *const can_names[] = { "pend", "threads", "share", "tombstone", "limit",
	"operation", "count", "list", "sweep", "stats", "rotate", "end-owner", "once", "ping" };
enum { CAN_COUNT = sizeof(can_names) / sizeof(can_names[0]) };

struct visit {
	struct mcpsess_kit_run *run;
	FILE *out;
	uint32_t can; /* for visits that look for one capability */
	const struct mcpsess_kit_case *last;
	unsigned chosen;
	void (*each)(struct visit *visit, const struct mcpsess_kit_case *one,
		enum mcpsess_kit_mode mode, const char *name);
};

static int chosen(
	const struct mcpsess_kit_run *run, const struct mcpsess_kit_case *one, const char *name)
{
	if (run == NULL) {
		return 1;
	}
	if ((run->options.flags & MCPSESS_CONFORMANCE_FAULTS) && !(one->flags & KIT_FAULTS)) {
		return 0;
	}
	return run->options.only == NULL || strstr(name, run->options.only) != NULL;
}

static void visit_all(struct visit *visit)
{
	char name[80];
	for (size_t t = 0; t < TABLE_COUNT; t++) {
		for (const struct mcpsess_kit_case *one = tables[t]; one->name != NULL; one++) {
			for (int mode = 0; mode < KIT_MODE_COUNT; mode++) {
				snprintf(name, sizeof(name), "%s/%s", mode_names[mode], one->name);
				if ((one->flags & 1u << mode) && chosen(visit->run, one, name)) {
					visit->each(visit, one, (enum mcpsess_kit_mode)mode, name);
				}
			}
		}
	}
}

/* -- listing -------------------------------------------------------------------------------- */

static void list_one(struct visit *visit, const struct mcpsess_kit_case *one,
	enum mcpsess_kit_mode mode, const char *name)
{
	(void)mode;
	fputs(name, visit->out);
	for (unsigned i = 0; i < CAN_COUNT; i++) {
		if (one->needs & 1u << i) {
			fprintf(visit->out, " %s", can_names[i]);
		}
	}
	fputc('\n', visit->out);
}

void mcpsess_conformance_list(FILE *out)
{
	struct visit visit = { .out = out, .each = list_one };
	visit_all(&visit);
}

static void count_one(struct visit *visit, const struct mcpsess_kit_case *one,
	enum mcpsess_kit_mode mode, const char *name)
{
	(void)one, (void)mode, (void)name;
	visit->chosen++;
}

/* Each name once, whatever its modes. */
static void list_absent(struct visit *visit, const struct mcpsess_kit_case *one,
	enum mcpsess_kit_mode mode, const char *name)
{
	(void)mode, (void)name;
	if ((one->needs & visit->can) && one != visit->last) {
		fprintf(visit->out, "%s %s", visit->last != NULL ? "" : ":", one->name);
		visit->last = one;
	}
}

static void report_absent(struct mcpsess_kit_run *run)
{
	unsigned absent = 0;
	for (unsigned i = 0; i < CAN_COUNT; i++) {
		if (!(run->can & 1u << i)) {
			struct visit visit = {
				.run = run, .out = run->out, .can = 1u << i, .each = list_absent
			};
			fprintf(run->out, "absent %s", can_names[i]);
			visit_all(&visit);
			fputc('\n', run->out);
			absent++;
		}
	}
	if (absent > 0) {
		fprintf(run->out, "%u absent\n", absent);
	}
}

/* -- one case --------------------------------------------------------------------------------- */

/* What other runs on a shared store would count. */
static void forget_records(struct mcpsess_kit *kit, unsigned long long from)
{
	if (!(kit->run->can & MCP_SESSION_STORE_CAN_SHARE)) {
		return;
	}
	unsigned long long to = atomic_load(&kit->run->names);
	for (unsigned long long i = from; i < to; i++) {
		struct mcp_session_store_request ask;
		char text[32];
		memset(&ask, 0, sizeof(ask));
		snprintf(text, sizeof(text), "%llu", i);
		mcp_session_store_key(mcpsess_str(kit->run->tenant), mcpsess_str(text), &ask.key);
		ask.flags = MCP_SESSION_STORE_ANY_OWNER;
		mcpsess_kit_ask(kit, KIT_DELETE, &ask, NULL, NULL);
	}
}

static void one_of_many(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	(void)index, (void)user_data;
	kit->its_case->run(kit);
	if (kit->too_slow) {
		mcpsess_kit_fail(kit, "the machine was too slow to tell");
	}
}

static void act_case(struct mcpsess_kit *kit)
{
	unsigned long long from = atomic_load(&kit->run->names);
	if (kit->mode == KIT_THREADS && !(kit->its_case->flags & (KIT_ALONE | KIT_TIMED))) {
		mcpsess_kit_threads(kit, one_of_many, NULL);
	} else {
		kit->its_case->run(kit);
	}
	if (kit->store != NULL || kit->pool != NULL) {
		forget_records(kit, from);
	}
	mcpsess_kit_close(kit);
	long long left = atomic_exchange(&kit->run->allocations, 0);
	if (left != 0) {
		mcpsess_kit_fail(
			kit, "close frees everything: %lld pieces of memory are left", left);
	}
}

static void try_case(struct mcpsess_kit *kit, struct mcpsess_kit_run *run,
	const struct mcpsess_kit_case *one, enum mcpsess_kit_mode mode)
{
	struct mcpsess_error err;
	memset(kit, 0, sizeof(*kit));
	kit->run = run;
	kit->its_case = one;
	kit->mode = mode;
	kit->random = run->options.seed * 1000003u;
	int status = mcpsess_kit_open(kit, &err);
	if (status < 0) {
		mcpsess_kit_fail(kit, "the store opens again: %s", err.text);
		return;
	}
	act_case(kit);
}

static void run_one(struct visit *visit, const struct mcpsess_kit_case *one,
	enum mcpsess_kit_mode mode, const char *name)
{
	struct mcpsess_kit_run *run = visit->run;
	static const int tries = 4;
	struct mcpsess_kit kit;
	if (one->needs & ~run->can) {
		return;
	}
	if ((one->flags & KIT_TIMED) && run->clock == KIT_CLOCK_REAL &&
		(run->options.flags & MCPSESS_CONFORMANCE_FAST)) {
		fprintf(run->out, "left out %s: it waits for the store's clock\n", name);
		return;
	}
	try_case(&kit, run, one, mode);
	for (int i = 1; i < tries && kit.too_slow && !kit.failed; i++) {
		try_case(&kit, run, one, mode);
	}
	if (kit.too_slow) {
		mcpsess_kit_fail(&kit, "the machine was too slow to tell, %d times", tries);
	}
	if (kit.failed) {
		run->failed++;
		fprintf(run->out, "FAIL %s: %s\n", name, kit.failure);
	} else {
		run->passed++;
		fprintf(run->out, "ok %s\n", name);
	}
	fflush(run->out);
}

/* -- the run ------------------------------------------------------------------------------------
 */

static void *counted_realloc(void *user_data, void *ptr, size_t size)
{
	struct mcpsess_kit_run *run = user_data;
	if (size == 0) {
		if (ptr != NULL) {
			atomic_fetch_sub(&run->allocations, 1);
		}
		free(ptr);
		return NULL;
	}
	if (atomic_load(&run->fail_in) > 0 && atomic_fetch_sub(&run->fail_in, 1) == 1) {
		return NULL;
	}
	void *moved = realloc(ptr, size);
	if (ptr == NULL && moved != NULL) {
		atomic_fetch_add(&run->allocations, 1);
	}
	return moved;
}

static void set_up(struct mcpsess_kit_run *run, const char *uri,
	const struct mcpsess_conformance_options *options, FILE *out)
{
	struct timespec now;
	memset(run, 0, sizeof(*run));
	if (options != NULL) {
		size_t known = sizeof(run->options);
		memcpy(&run->options, options, options->size < known ? options->size : known);
	}
	if (run->options.threads == 0) {
		run->options.threads = 4;
	}
	if (run->options.threads < 2 || run->options.threads > KIT_THREADS_MAX) {
		run->options.threads = run->options.threads < 2 ? 2 : KIT_THREADS_MAX;
	}
	if (run->options.seed == 0) {
		run->options.seed = 1;
	}
	run->uri = uri;
	run->out = out;
	run->hooks.size = sizeof(run->hooks);
	run->hooks.user_data = run;
	run->hooks.realloc = counted_realloc;
	run->hooks.now_ms = mcpsess_kit_hook_now;
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(run->tenant, sizeof(run->tenant), "kit-%llx-%lx-%x",
		(unsigned long long)now.tv_sec, (unsigned long)now.tv_nsec, (unsigned)getpid());
}

static void report_store(const struct mcpsess_kit_run *run, const char *scheme)
{
	static const char *const clocks[] = { "its own, waited for", "the kit's, running",
		"the kit's, standing" };
	fprintf(run->out, "store %s; clock: %s; can:", scheme, clocks[run->clock]);
	for (unsigned i = 0; i < CAN_COUNT; i++) {
		if (run->can & 1u << i) {
			fprintf(run->out, " %s", can_names[i]);
		}
	}
	fputc('\n', run->out);
}

int mcpsess_conformance_run(
	const char *uri, const struct mcpsess_conformance_options *options, FILE *out)
{
	struct mcpsess_kit_run run;
	struct mcpsess_error err;
	char scheme[32];
	set_up(&run, uri, options, out);
	int status = mcpsess_kit_probe(&run, scheme, sizeof(scheme), &err);
	if (status < 0) {
		fprintf(out, "unfit store: %s\n", err.text);
		return status;
	}
	struct visit count = { .run = &run, .each = count_one };
	visit_all(&count);
	if (count.chosen == 0) {
		fprintf(out, "unfit choice: no case is named so\n");
		return MCPSESS_E_INVALID;
	}
	report_store(&run, scheme);
	struct visit visit = { .run = &run, .out = out, .each = run_one };
	visit_all(&visit);
	report_absent(&run);
	fprintf(out, "%u passed, %u failed\n", run.passed, run.failed);
	return (int)run.failed;
}
