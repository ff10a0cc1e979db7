#include "rpc/versions.h"

/* Dates: their order as text is their order in time. */
static const char *const versions[] = { "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25" };

enum { VERSIONS = sizeof(versions) / sizeof(versions[0]) };

const char *mcpsess_version_newest(void)
{
	return versions[VERSIONS - 1];
}

int mcpsess_version_known(struct mcpsess_bytes version, const char *newest)
{
	for (int i = 0; i < VERSIONS && strcmp(versions[i], newest) <= 0; i++) {
		if (mcpsess_bytes_equal(version, mcpsess_str(versions[i]))) {
			return 1;
		}
	}
	return 0;
}
