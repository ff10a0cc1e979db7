#include <mcpsess/backend.h>

static int memory_open(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	(void)host, (void)core, (void)config, (void)out, (void)err;
	return MCPSESS_E_UNSUPPORTED;
}

extern const struct mcpsess_backend mcpsess_backend_memory;
const struct mcpsess_backend mcpsess_backend_memory = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(mcpsess_backend_memory),
	.name = "memory",
	.schemes = "memory",
	.parameters = "max_bytes",
	.open = memory_open,
	.touches_are_free = 1,
};
