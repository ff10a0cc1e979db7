/*
 * history-worker [OPTION...] URI JOURNAL
 *
 * Work at random on the records of a store, with whatever other workers have the same seed, and
 * write every operation down in JOURNAL.0, JOURNAL.1 and so on, a file for each client.
 *
 *   --seed N        of all that happens by chance; also names the records (1)
 *   --clients N     how many, each a thread (1)
 *   --first N       the number of the first of them; no two of a seed may have the same (0)
 *   --steps N       operations of each client, at most (1000)
 *   --seconds N     and the time they may take (3600)
 *   --rest N        milliseconds of rest after each operation (0)
 *   --pretend       no threads and no time: clients take turns on a clock that moves by itself
 *   --module-dir D  where modules are
 *
 * SIGTERM ends it in good order. What the records say: record.h.
 */
#include "client.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "broken.h"
#include "flaky.h"

enum { CLIENTS_MAX = 64, STEPS_PER_MS = 8, PRETENDED_START_S = 1000 };

struct settings {
	uint64_t seed, steps, seconds;
	unsigned clients, first, rest_ms;
	int pretend;
	const char *uri, *journal, *module_dir;
};

static volatile sig_atomic_t told_to_end;

static void end_soon(int signal)
{
	(void)signal;
	told_to_end = 1;
}

static uint64_t store_now_ms(void *user_data)
{
	return mcpsess_stage_now_ns(user_data) / 1000000u;
}

static void pause_ms(struct stage *stage, unsigned ms)
{
	struct timespec time = { .tv_nsec = (long)ms * 1000000 };
	if (stage->pretended_ns > 0) {
		stage->pretended_ns += (uint64_t)ms * 1000000u;
	} else {
		nanosleep(&time, NULL);
	}
}

/* Who is told at once that the store is down need not ask a million times. */
static int step(struct client *client)
{
	int status = mcpsess_client_step(client);
	if (status == MCPSESS_E_UNAVAILABLE || status == MCPSESS_E_UNKNOWN) {
		pause_ms(client->stage, 2);
	}
	return status != MCPSESS_PENDING && !told_to_end;
}

static uint64_t end_ns;
static unsigned rest_ms;

static void *work(void *user_data)
{
	struct client *client = user_data;
	while (step(client) && mcpsess_stage_now_ns(client->stage) < end_ns) {
		if (rest_ms > 0) {
			pause_ms(client->stage, rest_ms);
		}
	}
	return NULL;
}

static void take_turns(struct client *clients, unsigned count)
{
	struct stage *stage = clients[0].stage;
	struct client dealer = { .random = stage->seed };
	while (step(&clients[mcpsess_client_dice(&dealer, count)])) {
		stage->pretended_ns += 1000000u / STEPS_PER_MS;
	}
}

static int work_together(struct client *clients, unsigned count)
{
	pthread_t threads[CLIENTS_MAX];
	for (unsigned i = 1; i < count; i++) {
		if (pthread_create(&threads[i], NULL, work, &clients[i]) != 0) {
			return fprintf(stderr, "a thread cannot be made\n"), 1;
		}
	}
	work(&clients[0]);
	for (unsigned i = 1; i < count; i++) {
		pthread_join(threads[i], NULL);
	}
	return 0;
}

/* Else all times are those of a server. */
static int has_own_clock(const char *uri)
{
	return strncmp(uri, "redis", 5) != 0 && strncmp(uri, "postgres", 8) != 0;
}

static int open_journals(
	struct client *clients, struct stage *stage, const struct settings *settings)
{
	struct mcp_session_store_options in_force = { .size = sizeof(in_force) };
	mcp_session_store_pool_settings(stage->pool, &in_force);
	struct record_header header = {
		.magic = "history",
		.seed = settings->seed,
		.idle_ms = in_force.idle_ms,
		.absolute_ms = in_force.absolute_ms,
		.tombstone_ms = in_force.tombstone_ms,
		.touch_every_ms = in_force.touch_every_ms,
		.own_clock = has_own_clock(settings->uri),
	};
	for (unsigned i = 0; i < settings->clients; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s.%u", settings->journal, settings->first + i);
		mcpsess_client_begin(&clients[i], stage, settings->first + i);
		if (mcpsess_journal_open(&clients[i].journal, path, &header, settings->steps) !=
			0) {
			perror(path);
			return -1;
		}
	}
	return 0;
}

static int run(struct stage *stage, const struct settings *settings)
{
	struct client *clients = calloc(settings->clients, sizeof(clients[0]));
	int r = clients == NULL || open_journals(clients, stage, settings) != 0;
	if (r == 0 && settings->pretend) {
		take_turns(clients, settings->clients);
	} else if (r == 0) {
		end_ns = mcpsess_stage_now_ns(stage) + settings->seconds * 1000000000u;
		rest_ms = settings->rest_ms;
		r = work_together(clients, settings->clients);
	}
	for (unsigned i = 0; clients != NULL && i < settings->clients; i++) {
		mcpsess_journal_close(&clients[i].journal);
	}
	free(clients);
	return r;
}

static uint64_t number(const char *text, uint64_t most)
{
	uint64_t value = strtoull(text, NULL, 10);
	return value < most ? value : most;
}

static int read_options(struct settings *settings, int argc, char **argv)
{
	static const struct option options[] = { { "seed", 1, NULL, 's' },
		{ "clients", 1, NULL, 'c' }, { "first", 1, NULL, 'f' }, { "steps", 1, NULL, 'n' },
		{ "seconds", 1, NULL, 't' }, { "rest", 1, NULL, 'r' }, { "pretend", 0, NULL, 'p' },
		{ "module-dir", 1, NULL, 'm' }, { NULL, 0, NULL, 0 } };
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			settings->seed = number(optarg, UINT64_MAX);
			break;
		case 'c':
			settings->clients = (unsigned)number(optarg, CLIENTS_MAX);
			break;
		case 'f':
			settings->first = (unsigned)number(optarg, UINT16_MAX);
			break;
		case 'n':
			settings->steps = number(optarg, 100000000);
			break;
		case 't':
			settings->seconds = number(optarg, 10000000);
			break;
		case 'r':
			settings->rest_ms = (unsigned)number(optarg, 999);
			break;
		case 'p':
			settings->pretend = 1;
			break;
		case 'm':
			settings->module_dir = optarg;
			break;
		default:
			return -1;
		}
	}
	if (argc - optind != 2 || settings->clients == 0) {
		return -1;
	}
	settings->uri = argv[optind];
	settings->journal = argv[optind + 1];
	return 0;
}

int main(int argc, char **argv)
{
	static struct stage stage;
	struct settings settings = { .seed = 1, .steps = 1000, .seconds = 3600, .clients = 1 };
	struct mcpsess_hooks hooks = {
		.size = sizeof(hooks), .user_data = &stage, .now_ms = store_now_ms
	};
	struct mcp_session_store_options options = { .size = sizeof(options) };
	struct mcpsess_error err;
	if (read_options(&settings, argc, argv) != 0) {
		return fprintf(stderr, "history-worker [OPTION...] URI JOURNAL\n"), 2;
	}
	signal(SIGTERM, end_soon);
	options.module_dir = settings.module_dir;
	options.hooks = has_own_clock(settings.uri) ? &hooks : NULL;
	stage.pretended_ns = settings.pretend ? PRETENDED_START_S * UINT64_C(1000000000) : 0;
	mcpsess_stage_set(&stage, settings.seed);
	if (mcpsess_flaky_add(&err) != MCPSESS_OK || mcpsess_broken_add(&err) != MCPSESS_OK ||
		mcp_session_store_pool_open(settings.uri, &options, 0, &stage.pool, &err) !=
			MCPSESS_OK) {
		return fprintf(stderr, "%s\n", err.text), 1;
	}
	int r = run(&stage, &settings);
	mcp_session_store_pool_close(stage.pool);
	return r;
}
