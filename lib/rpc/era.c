#include "rpc/era.h"

const struct mcpsess_era *mcpsess_era_of(const struct mcpsess_message *message)
{
	(void)message;
	return &mcpsess_era_legacy;
}
