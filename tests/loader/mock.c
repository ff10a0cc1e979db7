/*
 * A module of five plain functions, or one that is wrong in one way: NAME is its own, and WRONG_...
 * may be defined to be another abi, size, name or list of schemes, or a member that is missing.
 * TABLE_SIZE and CAN make one of an older release, or of a later one with verbs unknown today.
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

#ifndef TABLE_SIZE
#define TABLE_SIZE sizeof(struct mcp_session_store_ops)
#endif
#ifndef CAN
#define CAN 0
#endif

/* With as many members as are to come in a very long time. */
struct later_ops {
	struct mcp_session_store_ops ops;
	int (*unknown[64])(struct mcp_session_store *store, struct mcp_session_store_call *call);
};

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

/* What an older release does not have must not be looked at, a later one's never be called. */
static int trap(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	(void)store, (void)call;
	__builtin_trap();
}

#define UNKNOWN_8  trap, trap, trap, trap, trap, trap, trap, trap
#define UNKNOWN_32 UNKNOWN_8, UNKNOWN_8, UNKNOWN_8, UNKNOWN_8

static const struct later_ops table = {
	.ops = { .size = TABLE_SIZE,
		.can = CAN,
		.store = answer,
		.get = answer,
		.touch = answer,
		.mcpsess_delete_ = answer,
		.exists = answer,
		.close = mock_close,
		.ping = trap },
	.unknown = { UNKNOWN_32, UNKNOWN_32 },
};

__attribute__((unused)) static int mock_open(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	(void)config, (void)err;
	/* Nobody can close a store whose table ends before that. */
	static struct mock unclosed;
	struct mock *self = TABLE_SIZE > offsetof(struct mcp_session_store_ops, close)
				    ? host->realloc(core, NULL, sizeof(*self))
				    : &unclosed;
	if (self == NULL) {
		return MCPSESS_E_NOMEM;
	}
	*self = (struct mock){ .base.ops = &table.ops, .host = host, .core = core };
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
	.touches_are_free = 1,
};
