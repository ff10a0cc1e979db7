#include <mcpsess/backend.h>

#include "base/blob.h"
#include "json/text.h"
#include "store/core.h"

static void *host_realloc(void *core, void *ptr, size_t size)
{
	struct mcpsess_core *self = core;
	return mcpsess_realloc(&self->env, ptr, size);
}

static uint64_t host_now_ms(void *core)
{
	struct mcpsess_core *self = core;
	return mcpsess_now_ms(&self->env);
}

static int host_random(void *core, void *out, size_t len)
{
	struct mcpsess_core *self = core;
	return mcpsess_random(&self->env, out, len);
}

static void *host_blob_new(void *core, const void *data, size_t len)
{
	struct mcpsess_core *self = core;
	return mcpsess_blob_new(&self->env, data, len);
}

static int host_watch(void *core, int fd, uint32_t events)
{
	return mcpsess_loop_watch(core, fd, events);
}

static void host_wake_at(void *core, uint64_t now_ms)
{
	struct mcpsess_core *self = core;
	self->loop.wake_ms = now_ms;
}

static void host_finish(void *core, struct mcp_session_store_call *call, int status)
{
	mcpsess_loop_finish(core, call, status);
}

/* One line: what the other end sent is quoted here, and need not be text. */
static void host_explain(struct mcp_session_store_call *call, int sys, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + strnlen(text, sizeof(call->error.text) - 1);
	char *to = call->error.text;
	while (at < end) {
		size_t more = *at >= 0x80 ? mcpsess_json_utf8(at, end) : 0;
		if (more > 0) {
			memcpy(to, at, more);
			to += more;
			at += more;
			continue;
		}
		*to++ = (char)(*at >= 0x80 ? '?' : *at < 0x20 || *at == 0x7f ? ' ' : *at);
		at++;
	}
	*to = '\0';
	call->error.sys = sys;
}

static void host_log(void *core, enum mcpsess_log_level level, const char *text)
{
	struct mcpsess_core *self = core;
	mcpsess_log(&self->env, level, "%s: %s", self->scheme, text);
}

static int host_password(
	void *core, char *out, size_t capacity, size_t *len, struct mcpsess_error *err)
{
	struct mcpsess_core *self = core;
	return mcpsess_password_read(&self->password, out, capacity, len, err);
}

const struct mcpsess_host mcpsess_host_table = {
	.size = sizeof(mcpsess_host_table),
	.realloc = host_realloc,
	.now_ms = host_now_ms,
	.random = host_random,
	.blob_new = host_blob_new,
	.blob_bytes = mcpsess_blob_bytes,
	.blob_ref = mcpsess_blob_ref,
	.blob_unref = mcpsess_blob_unref,
	.watch = host_watch,
	.wake_at = host_wake_at,
	.finish = host_finish,
	.explain = host_explain,
	.log = host_log,
	.password = host_password,
};
