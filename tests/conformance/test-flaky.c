/* The kit on stores that pend and reorder, and on stores that fail. */
#include <mcpsess/conformance.h>
#include <mcpsess/error.h>

#include "flaky.h"

/* Delays take their time, so not every mode meets every kind of trouble. */
static const struct {
	const char *uri;
	const char *only;
	unsigned flags;
	uint64_t seed;
} runs[] = {
	{ "flaky:", NULL, 0, 1 },
	{ "flaky:?clock=own", "idle", 0, 1 },
	{ "flaky:?clock=own", "blocking/tombstone", 0, 1 },
	{ "flaky:?pend=100", NULL, 0, 2 },
	{ "flaky:?pend=60&reorder=1&seed=3", NULL, 0, 3 },
	{ "flaky:?pend=60&reorder=1&delay=3&seed=4", "dispatch/", 0, 4 },
	{ "flaky:?fail=20&lose=20&seed=5", NULL, MCPSESS_CONFORMANCE_FAULTS, 5 },
	{ "flaky:?fail=10&lose=10&pend=70&reorder=1&seed=6", NULL, MCPSESS_CONFORMANCE_FAULTS, 6 },
	{ "flaky:?lose=40&pend=70&reorder=1&delay=2&seed=7", "dispatch/",
		MCPSESS_CONFORMANCE_FAULTS, 7 },
};

int main(void)
{
	struct mcpsess_error err;
	int failed = 0;
	if (mcpsess_flaky_add(&err) < 0) {
		printf("FAIL flaky: %s\n", err.text);
		return 1;
	}
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct mcpsess_conformance_options options = { .size = sizeof(options),
			.only = runs[i].only,
			.flags = runs[i].flags,
			.seed = runs[i].seed };
		printf("%s\n", runs[i].uri);
		failed |= mcpsess_conformance_run(runs[i].uri, &options, stdout) != 0;
	}
	return failed;
}
