/*
 * mcpsess bench: how fast the store is from here. Its records are of a kind that no client can
 * open, live a minute at most, and are deleted in the end.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "out.h"
#include "tool.h"

enum {
	RECORDS = 32, /* of each thread */
	PAYLOAD = 512,
	STEPS = 16, /* buckets of a power of two: percentiles are right to 1 in 16 */
	BUCKETS = 40 * STEPS,
	LIFE_MS = 60000,
};

enum phase { READ, WRITE, TURNOVER, PHASES };
static const char *const titles[] = { "get+touch", "update", "create+delete" };

struct histogram {
	uint64_t counts[BUCKETS];
	uint64_t count, errors, max_us;
};

struct worker {
	struct mcp_session_store_pool *pool;
	uint64_t end_us;
	enum phase phase;
	unsigned number;
	unsigned char salt[16];
	uint64_t made;               /* keys so far */
	uint64_t revisions[RECORDS]; /* 0: it could not be created */
	struct histogram times;
	int status; /* of the last failure */
	struct mcpsess_error err;
};

/* -- times ------------------------------------------------------------------------------------ */

static size_t bucket(uint64_t us)
{
	unsigned shift = 0;
	while ((us >> shift) >= 2 * STEPS) {
		shift++;
	}
	size_t at = shift * STEPS + (size_t)(us >> shift);
	return at < BUCKETS ? at : BUCKETS - 1;
}

static uint64_t bucket_us(size_t at)
{
	if (at < 2 * STEPS) {
		return at;
	}
	size_t shift = at / STEPS - 1;
	return (uint64_t)(at - shift * STEPS) << shift;
}

static void note(struct worker *worker, uint64_t start_us, int status)
{
	uint64_t us = tool_us() - start_us;
	struct histogram *times = &worker->times;
	if (status < 0) {
		times->errors++;
		worker->status = status;
		return;
	}
	times->counts[bucket(us)]++;
	times->count++;
	times->max_us = us > times->max_us ? us : times->max_us;
}

static void add(struct histogram *sum, const struct histogram *one)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		sum->counts[i] += one->counts[i];
	}
	sum->count += one->count;
	sum->errors += one->errors;
	sum->max_us = one->max_us > sum->max_us ? one->max_us : sum->max_us;
}

static uint64_t percentile(const struct histogram *times, double part)
{
	uint64_t wanted = (uint64_t)((double)times->count * part), seen = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		seen += times->counts[i];
		if (seen > wanted) {
			return bucket_us(i);
		}
	}
	return times->max_us;
}

/* -- work ------------------------------------------------------------------------------------- */

static struct mcp_session_store_request about(const struct worker *worker, uint64_t which)
{
	static const char payload[PAYLOAD];
	struct mcp_session_store_request request = { .kind = MCP_SESSION_STORE_HANDLE };
	char name[64];
	int len = snprintf(name, sizeof(name), "bench %u %" PRIu64, worker->number, which);
	mcp_session_store_key(mcpsess_mem(worker->salt, sizeof(worker->salt)),
		mcpsess_mem(name, (size_t)len), &request.key);
	request.idle_ms = LIFE_MS;
	request.absolute_ms = LIFE_MS * 2;
	request.state = MCP_SESSION_STORE_ACTIVE;
	request.payload = mcpsess_mem(payload, sizeof(payload));
	return request;
}

static int read_one(struct worker *worker, struct mcp_session_store_answer *answer)
{
	struct mcp_session_store_request request = about(worker, worker->made++ % RECORDS);
	request.flags = MCP_SESSION_STORE_TOUCH;
	return mcp_session_store_pool_get(worker->pool, &request, answer, &worker->err);
}

static int write_one(struct worker *worker, struct mcp_session_store_answer *answer)
{
	uint64_t which = worker->made++ % RECORDS;
	struct mcp_session_store_request request = about(worker, which);
	request.revision = worker->revisions[which];
	int status = mcp_session_store_pool_store(worker->pool, &request, answer, &worker->err);
	if (status == MCPSESS_OK) {
		worker->revisions[which] = answer->revision;
	}
	return status;
}

static int turn_one_over(struct worker *worker, struct mcp_session_store_answer *answer)
{
	struct mcp_session_store_request request = about(worker, RECORDS + worker->made++);
	int status = mcp_session_store_pool_store(worker->pool, &request, answer, &worker->err);
	return status < 0 ? status
			  : mcp_session_store_pool_delete(
				    worker->pool, &request, answer, &worker->err);
}

static void *work(void *argument)
{
	static int (*const verbs[])(struct worker *,
		struct mcp_session_store_answer *) = { read_one, write_one, turn_one_over };
	struct worker *worker = argument;
	struct mcp_session_store_answer answer = { 0 };
	while (tool_us() < worker->end_us && !tool_stopping()) {
		uint64_t start_us = tool_us();
		note(worker, start_us, verbs[worker->phase](worker, &answer));
	}
	mcp_session_store_answer_clear(&answer);
	return NULL;
}

static int set_up(struct worker *worker)
{
	struct mcp_session_store_answer answer = { 0 };
	int status = MCPSESS_OK;
	for (uint64_t i = 0; i < RECORDS && status == MCPSESS_OK; i++) {
		struct mcp_session_store_request request = about(worker, i);
		status =
			mcp_session_store_pool_store(worker->pool, &request, &answer, &worker->err);
		worker->revisions[i] = status == MCPSESS_OK ? answer.revision : 0;
	}
	mcp_session_store_answer_clear(&answer);
	return status;
}

static void tear_down(struct worker *worker)
{
	for (uint64_t i = 0; i < RECORDS; i++) {
		struct mcp_session_store_request request = about(worker, i);
		if (worker->revisions[i] > 0) {
			mcp_session_store_pool_delete(worker->pool, &request, NULL, NULL);
		}
	}
}

/* Everybody at once, for so long; the sum of their times. */
static void run(struct worker *workers, unsigned long count, uint64_t us, enum phase phase,
	struct histogram *sum)
{
	pthread_t threads[64];
	unsigned long started = 0;
	uint64_t end_us = tool_us() + us;
	for (; started < count; started++) {
		struct worker *worker = &workers[started];
		worker->phase = phase;
		worker->end_us = end_us;
		memset(&worker->times, 0, sizeof(worker->times));
		if (pthread_create(&threads[started], NULL, work, worker) != 0) {
			break;
		}
	}
	memset(sum, 0, sizeof(*sum));
	for (unsigned long i = 0; i < started; i++) {
		pthread_join(threads[i], NULL);
		add(sum, &workers[i].times);
	}
}

/* -- telling ---------------------------------------------------------------------------------- */

static void report(const struct tool *tool, struct json *json, enum phase phase,
	const struct histogram *times, double seconds)
{
	static const struct {
		const char *name;
		double part;
	} parts[] = { { "p50_us", 0.5 }, { "p90_us", 0.9 }, { "p99_us", 0.99 },
		{ "p999_us", 0.999 } };
	double rate = seconds > 0 ? (double)times->count / seconds : 0;
	tool_progress(NULL);
	if (tool->json) {
		json_begin(json, titles[phase], '{');
		json_real(json, "per_second", rate);
		for (size_t i = 0; i < 4; i++) {
			json_number(json, parts[i].name, percentile(times, parts[i].part));
		}
		json_number(json, "max_us", times->max_us);
		json_number(json, "errors", times->errors);
		json_end(json, '}');
		return;
	}
	printf("%-14s %10.0f/s ", titles[phase], rate);
	for (size_t i = 0; i < 4; i++) {
		printf(" %8" PRIu64, percentile(times, parts[i].part));
	}
	printf(" %8" PRIu64 " %7" PRIu64 "\n", times->max_us, times->errors);
}

static int measure(struct tool *tool, struct worker *workers)
{
	struct json json = { .file = stdout };
	static struct histogram sum;
	uint64_t us = tool->seconds * 1000000 / PHASES, errors = 0;
	if (tool->json) {
		json_begin(&json, NULL, '{');
		json_number(&json, "threads", tool->threads);
	} else {
		printf("%-14s %12s  %8s %8s %8s %8s %8s %7s\n", "microseconds", "", "p50", "p90",
			"p99", "p99.9", "max", "errors");
	}
	for (int phase = 0; phase < PHASES && !tool_stopping(); phase++) {
		tool_progress("%s ...", titles[phase]);
		uint64_t start_us = tool_us();
		run(workers, tool->threads, us, (enum phase)phase, &sum);
		report(tool, &json, (enum phase)phase, &sum, (double)(tool_us() - start_us) / 1e6);
		errors += sum.errors;
	}
	if (tool->json) {
		json_end(&json, '}');
		puts("");
	}
	return errors > 0 ? TOOL_FAILED : TOOL_OK;
}

static int prepare(struct worker *workers, const struct tool *tool,
	struct mcp_session_store_pool *pool, struct mcpsess_error *err)
{
	unsigned char salt[16];
	int status = getrandom(salt, sizeof(salt), 0) == sizeof(salt) ? MCPSESS_OK
								      : MCPSESS_E_UNAVAILABLE;
	for (unsigned long i = 0; i < tool->threads; i++) {
		workers[i].pool = pool;
		workers[i].number = (unsigned)i;
		memcpy(workers[i].salt, salt, sizeof(salt));
		if (status == MCPSESS_OK) {
			status = set_up(&workers[i]);
			*err = workers[i].err;
		}
	}
	return status;
}

int command_bench(struct tool *tool)
{
	struct mcp_session_store_options settings = tool_settings(tool);
	struct mcp_session_store_pool *pool;
	struct mcpsess_error err = { 0 };
	int status = mcp_session_store_pool_open(tool->store, &settings, 0, &pool, &err);
	if (status < 0) {
		return tool_fail(tool, status, &err);
	}
	struct worker *workers = calloc(tool->threads, sizeof(*workers));
	tool_catch();
	status = workers != NULL ? prepare(workers, tool, pool, &err) : MCPSESS_E_NOMEM;
	status = status < 0 ? tool_fail(tool, status, &err) : measure(tool, workers);
	for (unsigned long i = 0; workers != NULL && i < tool->threads; i++) {
		tear_down(&workers[i]);
	}
	free(workers);
	mcp_session_store_pool_close(pool);
	return status;
}
