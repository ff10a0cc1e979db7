/* The kit fails every broken store, by the case and the promise that are broken; and no other. */
#include <mcpsess/conformance.h>

#include <stdlib.h>

#include "broken.h"

/* A line "FAIL MODE/NAME: promise..." of the case that is wanted, with the words that are. */
static int says(const char *report, const struct mcpsess_broken_bug *bug)
{
	for (const char *line = strstr(report, "FAIL "); line != NULL;
		line = strstr(line + 1, "FAIL ")) {
		const char *end = strchr(line, '\n');
		const char *its_case = strstr(line, bug->its_case);
		const char *promise = strstr(line, bug->promise);
		if (its_case != NULL && its_case < end && promise != NULL && promise < end) {
			return 1;
		}
	}
	return 0;
}

/* How many cases fail; the caller frees the report. */
static int run_kit(const char *uri, char **report)
{
	struct mcpsess_conformance_options options = { .size = sizeof(options) };
	size_t len = 0;
	FILE *out = open_memstream(report, &len);
	if (out == NULL) {
		abort();
	}
	int failed = mcpsess_conformance_run(uri, &options, out);
	fclose(out);
	return failed;
}

static int unbroken_passes(void)
{
	char *report;
	int failed = run_kit("broken:", &report);
	printf(failed == 0 ? "ok unbroken\n" : "%s\nFAIL unbroken: the kit finds fault\n", report);
	free(report);
	return failed != 0;
}

static int bug_is_caught(const struct mcpsess_broken_bug *bug)
{
	char uri[100], *report;
	snprintf(uri, sizeof(uri), "broken:?bug=%s", bug->name);
	int caught = run_kit(uri, &report) > 0 && says(report, bug);
	if (caught) {
		printf("ok %s\n", bug->name);
	} else {
		printf("%s\nFAIL %s: no failure of %s says \"%s\"\n", report, bug->name,
			bug->its_case, bug->promise);
	}
	free(report);
	return caught;
}

int main(void)
{
	struct mcpsess_error err;
	const struct mcpsess_broken_bug *bug;
	unsigned count = 0, missed = 0;
	if (mcpsess_broken_add(&err) < 0) {
		printf("FAIL broken: %s\n", err.text);
		return 1;
	}
	missed += (unsigned)unbroken_passes();
	for (; (bug = mcpsess_broken_bug(count)) != NULL; count++) {
		missed += !bug_is_caught(bug);
	}
	printf("%u of %u caught\n", count - missed, count);
	return missed > 0;
}
