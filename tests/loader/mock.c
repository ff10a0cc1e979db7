/*
 * A module of five plain functions, or one that is wrong in one way: NAME is its own, and WRONG_...
 * may be defined to be another abi, size, name or list of schemes, or a member that is missing.
 */
#include <mcpsess/backend.h>

#define TEXT(name)    TEXT_OF(name)
#define TEXT_OF(name) #name
#define JOIN(a, b)    JOIN_OF(a, b)
#define JOIN_OF(a, b) a##b

#ifndef WRONG_ABI
#define WRONG_ABI MCPSESS_BACKEND_ABI
#endif
#ifndef WRONG_SIZE
#define WRONG_SIZE sizeof(struct mcpsess_backend)
#endif
#ifndef WRONG_NAME
#define WRONG_NAME TEXT(NAME)
#endif
#ifndef WRONG_SCHEMES
#define WRONG_SCHEMES TEXT(NAME) " " TEXT(NAME) "+unix"
#endif
#ifndef WRONG_OPEN
#define WRONG_OPEN mock_open
#endif
#ifndef WRONG_SYMBOL
#define WRONG_SYMBOL JOIN(mcpsess_backend_, NAME)
#endif

struct mock {
	struct mcp_session_store base;
	const struct mcpsess_host *host;
	void *core;
};

static int answer(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	(void)store;
	call->answer.revision = 42;
	return MCPSESS_OK;
}

static void mock_close(struct mcp_session_store *store)
{
	struct mock *self = (struct mock *)(void *)store;
	self->host->realloc(self->core, self, 0);
}

static const struct mcp_session_store_ops ops = {
	.size = sizeof(ops),
	.store = answer,
	.get = answer,
	.touch = answer,
	.mcpsess_delete_ = answer,
	.exists = answer,
	.close = mock_close,
};

__attribute__((unused)) static int mock_open(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	(void)config, (void)err;
	struct mock *self = host->realloc(core, NULL, sizeof(*self));
	if (self == NULL) {
		return MCPSESS_E_NOMEM;
	}
	*self = (struct mock){ .base.ops = &ops, .host = host, .core = core };
	*out = &self->base;
	return MCPSESS_OK;
}

#ifdef WRONG_IMPORT
extern int WRONG_IMPORT(void);
MCPSESS_API extern int (*const mock_import)(void);
int (*const mock_import)(void) = WRONG_IMPORT;
#endif

MCPSESS_API extern const struct mcpsess_backend WRONG_SYMBOL;
const struct mcpsess_backend WRONG_SYMBOL = {
	.abi = WRONG_ABI,
	.size = WRONG_SIZE,
	.name = WRONG_NAME,
	.schemes = WRONG_SCHEMES,
	.parameters = "",
	.open = WRONG_OPEN,
};
