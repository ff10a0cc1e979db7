/* mcpsess-conformance: the kit behind a command line. */
#include <mcpsess/conformance.h>
#include <mcpsess/version.h>

#include <getopt.h>
#include <stdlib.h>

static const char usage[] =
	"Usage: mcpsess-conformance [OPTION...] URI\n"
	"Check every promise of a session store on the one that the URI names. It must be empty;\n"
	"leave durations and caps out of the URI.\n"
	"\n"
	"  --only TEXT        run the cases whose MODE/NAME contains TEXT\n"
	"  --list             write the names of all cases and what each needs\n"
	"  --fast             leave out what must wait for the store's own clock\n"
	"  --faults           the store may fail: run the cases that allow it, and no others\n"
	"  --threads N        how many threads the cases in mode threads have; 4\n"
	"  --seed N           for the cases that choose at random; 1\n"
	"  --module-dir DIR   where modules are\n"
	"\n"
	"The last line is \"N passed, N failed\". Exit status 1 when a case failed, 2 when none "
	"ran.\n";

static const struct option options_known[] = {
	{ "only", required_argument, NULL, 'o' },
	{ "list", no_argument, NULL, 'l' },
	{ "fast", no_argument, NULL, 'f' },
	{ "faults", no_argument, NULL, 'F' },
	{ "threads", required_argument, NULL, 't' },
	{ "seed", required_argument, NULL, 's' },
	{ "module-dir", required_argument, NULL, 'm' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ 0 },
};

/* One option; whether the program is to go on. */
static int take(int letter, struct mcpsess_conformance_options *options)
{
	switch (letter) {
	case 'o':
		options->only = optarg;
		return 1;
	case 'f':
		options->flags |= MCPSESS_CONFORMANCE_FAST;
		return 1;
	case 'F':
		options->flags |= MCPSESS_CONFORMANCE_FAULTS;
		return 1;
	case 't':
		options->threads = (unsigned)strtoul(optarg, NULL, 10);
		return 1;
	case 's':
		options->seed = strtoull(optarg, NULL, 10);
		return 1;
	case 'm':
		options->module_dir = optarg;
		return 1;
	case 'l':
		mcpsess_conformance_list(stdout);
		return 0;
	case 'v':
		puts(MCPSESS_VERSION);
		return 0;
	default:
		fputs(usage, letter == 'h' ? stdout : stderr);
		return letter == 'h' ? 0 : -1;
	}
}

int main(int argc, char **argv)
{
	struct mcpsess_conformance_options options = { .size = sizeof(options) };
	int letter, on = 1;
	while (on > 0 && (letter = getopt_long(argc, argv, "", options_known, NULL)) != -1) {
		on = take(letter, &options);
	}
	if (on <= 0) {
		return on == 0 ? EXIT_SUCCESS : 2;
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return 2;
	}
	int failed = mcpsess_conformance_run(argv[optind], &options, stdout);
	return failed < 0 ? 2 : failed > 0;
}
