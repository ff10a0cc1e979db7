#include <mcpsess/version.h>

const char *mcpsess_version(void)
{
	return MCPSESS_VERSION;
}
