#include <mcpsess/stdio.h>

#include "rpc/rpc.h"
#include "stdio/lines.h"

struct mcpsess_stdio {
	struct mcpsess_rpc *rpc;
	const struct mcpsess_env *env;
	char *tenant;
	char *principal;
	size_t tenant_len, principal_len;
	void (*ready)(void *user_data, struct mcpsess_stdio *io, enum mcpsess_verdict verdict);
	void *user_data;

	struct mcpsess_lines lines;
	struct mcpsess_message *message;
	int settled;         /* output is the answer to message */
	const char *failure; /* the answer when there is no message */
	struct mcpsess_buffer output;
	struct mcpsess_buffer aside;
	size_t id_len;
	char id[MCPSESS_ID_MAX];
};

#define FAILURE(code, text) \
	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" code ",\"message\":\"" text "\"}}" \
	"\n"

static const char too_long[] = FAILURE("-32600", "Invalid Request: message too long");
static const char no_memory[] = FAILURE("-32603", "Out of memory, try again later");

int mcpsess_stdio_create(struct mcpsess_rpc *rpc, struct mcpsess_bytes tenant,
	struct mcpsess_bytes principal, struct mcpsess_stdio **out, struct mcpsess_error *err)
{
	if (rpc == NULL) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "rpc is needed");
	}
	const struct mcpsess_env *env = mcpsess_rpc_env(rpc);
	struct mcpsess_stdio *io = mcpsess_alloc(env, sizeof(*io));
	if (io == NULL) {
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "out of memory");
	}
	io->rpc = rpc;
	io->env = env;
	mcpsess_lines_init(&io->lines, env, mcpsess_rpc_max_message(rpc));
	mcpsess_buffer_init(&io->output, env);
	mcpsess_buffer_init(&io->aside, env);
	io->tenant = mcpsess_strdup(env, tenant);
	io->tenant_len = tenant.len;
	io->principal = mcpsess_strdup(env, principal);
	io->principal_len = principal.len;
	if (io->tenant == NULL || io->principal == NULL) {
		mcpsess_stdio_destroy(io);
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "out of memory");
	}
	*out = io;
	return MCPSESS_OK;
}

static struct mcpsess_input input_of(struct mcpsess_stdio *io)
{
	struct mcpsess_input input = {
		.session_id = mcpsess_mem(io->id_len > 0 ? io->id : NULL, io->id_len),
		.tenant = mcpsess_mem(io->tenant, io->tenant_len),
		.principal = mcpsess_mem(io->principal, io->principal_len),
		.user_data = io,
	};
	return input;
}

static int is_absent(int status)
{
	return status == MCPSESS_E_NOTFOUND || status == MCPSESS_E_EXPIRED ||
	       status == MCPSESS_E_REVOKED || status == MCPSESS_E_NOTOWNER;
}

/* A session that has ended is forgotten, so that initialize can begin another one. */
static void remember_session(struct mcpsess_stdio *io, const struct mcpsess_message *message)
{
	struct mcpsess_bytes id = mcpsess_message_session_id(message);
	if (is_absent(mcpsess_message_status(message))) {
		io->id_len = 0;
	} else if (id.len > 0 && id.len <= sizeof(io->id)) {
		memcpy(io->id, id.data, id.len);
		io->id_len = id.len;
	}
}

/* A host's JSON may have line breaks between its tokens, and only there. */
static void append_line(struct mcpsess_buffer *output, struct mcpsess_bytes json)
{
	const char *from = json.data;
	char *to = mcpsess_buffer_reserve(output, json.len + 1);
	if (to == NULL) {
		return;
	}
	for (size_t i = 0; i < json.len; i++) {
		to[i] = from[i] == '\n' || from[i] == '\r' ? ' ' : from[i];
	}
	to[json.len] = '\n';
	output->len += json.len + 1;
}

/* What cannot be read is answered; what can be, and asks for no answer, is not. */
static int wants_answer(const struct mcpsess_message *message)
{
	int status = mcpsess_message_status(message);
	int unreadable = status == MCPSESS_E_INVALID && !mcpsess_message_lacks_session(message);
	return status == MCPSESS_OK || unreadable ||
	       mcpsess_message_kind(message) == MCPSESS_REQUEST;
}

/* Work the output out, once; the message is over. */
static void settle(struct mcpsess_stdio *io)
{
	if (io->message == NULL || io->settled || mcpsess_message_dispatched(io->message)) {
		return;
	}
	struct mcpsess_bytes reply = mcpsess_message_reply(io->message);
	io->settled = 1;
	remember_session(io, io->message);
	if (!wants_answer(io->message)) {
		return;
	}
	if (reply.len > 0) {
		append_line(&io->output, reply);
	}
	if (io->output.failed ||
		(reply.len == 0 && mcpsess_message_status(io->message) == MCPSESS_E_NOMEM)) {
		io->failure = no_memory;
	}
}

static void end_message(struct mcpsess_stdio *io)
{
	settle(io);
	mcpsess_message_end(io->message);
	io->message = NULL;
	io->settled = 0;
	io->failure = NULL;
	mcpsess_buffer_reset(&io->output);
	mcpsess_buffer_reset(&io->aside);
	mcpsess_lines_let_go(&io->lines);
}

void mcpsess_stdio_destroy(struct mcpsess_stdio *io)
{
	if (io == NULL) {
		return;
	}
	end_message(io);
	if (io->id_len > 0) {
		struct mcpsess_input input = input_of(io);
		struct mcpsess_message *message;
		input.intent = MCPSESS_INTENT_END;
		mcpsess_rpc_begin(io->rpc, &input, &message);
		mcpsess_message_end(message);
	}
	mcpsess_lines_free(&io->lines);
	mcpsess_buffer_free(&io->output);
	mcpsess_buffer_free(&io->aside);
	mcpsess_free(io->env, io->tenant);
	mcpsess_free(io->env, io->principal);
	mcpsess_free(io->env, io);
}

void mcpsess_stdio_on_ready(struct mcpsess_stdio *io,
	void (*ready)(void *user_data, struct mcpsess_stdio *io, enum mcpsess_verdict verdict),
	void *user_data)
{
	io->ready = ready;
	io->user_data = user_data;
}

int mcpsess_stdio_feed(struct mcpsess_stdio *io, struct mcpsess_bytes bytes)
{
	return mcpsess_lines_feed(&io->lines, bytes);
}

int mcpsess_stdio_finish(struct mcpsess_stdio *io)
{
	mcpsess_lines_finish(&io->lines);
	return MCPSESS_OK;
}

static void message_ready(
	void *user_data, struct mcpsess_message *message, enum mcpsess_verdict verdict)
{
	struct mcpsess_stdio *io = user_data;
	(void)message;
	io->ready(io->user_data, io, verdict);
}

int mcpsess_stdio_next(struct mcpsess_stdio *io)
{
	struct mcpsess_bytes line;
	end_message(io);
	do {
		if (!mcpsess_lines_next(&io->lines, &line)) {
			mcpsess_lines_let_go(&io->lines);
			return MCPSESS_STDIO_IDLE;
		}
	} while (line.len == 0);
	if (line.len > io->lines.max) {
		mcpsess_rpc_count_refused(io->rpc, MCPSESS_REFUSED_TOOBIG);
		io->failure = too_long;
		return MCPSESS_REPLY;
	}
	struct mcpsess_input input = input_of(io);
	input.body = line;
	input.ready = io->ready != NULL ? message_ready : NULL;
	enum mcpsess_verdict verdict = mcpsess_rpc_begin(io->rpc, &input, &io->message);
	if (io->message == NULL) {
		io->failure = no_memory;
	}
	return verdict;
}

struct mcpsess_message *mcpsess_stdio_message(struct mcpsess_stdio *io)
{
	return io->message != NULL && mcpsess_message_dispatched(io->message) ? io->message : NULL;
}

struct mcpsess_bytes mcpsess_stdio_output(struct mcpsess_stdio *io)
{
	settle(io);
	return io->failure != NULL ? mcpsess_str(io->failure) : mcpsess_buffer_bytes(&io->output);
}

/* -- while a message is dispatched ------------------------------------------------------------ */

static int is(const struct mcpsess_envelope *item, enum mcpsess_kind kind, const char *method)
{
	return item->kind == kind && mcpsess_bytes_equal(item->method, mcpsess_str(method));
}

static int must_not_wait(const struct mcpsess_stdio *io, struct mcpsess_bytes line)
{
	struct mcpsess_envelope item;
	int code;
	const char *why;
	if (line.len > io->lines.max) {
		return 0;
	}
	mcpsess_envelope_init(&item, io->env);
	int status = mcpsess_envelope_read(&item, line, io->rpc->options.max_depth, &code, &why);
	int urgent = status == MCPSESS_OK &&
		     (is(&item, MCPSESS_REQUEST, "ping") ||
			     is(&item, MCPSESS_NOTIFICATION, "notifications/cancelled"));
	mcpsess_envelope_free(&item);
	return urgent;
}

/* 0 without memory, and nothing is said. */
static int serve_aside(struct mcpsess_stdio *io, struct mcpsess_bytes line)
{
	struct mcpsess_input input = input_of(io);
	struct mcpsess_message *message;
	input.body = line;
	mcpsess_rpc_begin(io->rpc, &input, &message);
	int served = message != NULL && mcpsess_message_status(message) != MCPSESS_E_NOMEM;
	if (served) {
		remember_session(io, message);
		struct mcpsess_bytes reply = mcpsess_message_reply(message);
		if (reply.len > 0 && wants_answer(message)) {
			append_line(&io->aside, reply);
		}
		served = !io->aside.failed;
		io->aside.failed = 0;
	}
	mcpsess_message_end(message);
	return served;
}

struct mcpsess_bytes mcpsess_stdio_aside(struct mcpsess_stdio *io)
{
	struct mcpsess_bytes line;
	mcpsess_buffer_reset(&io->aside);
	while (mcpsess_stdio_message(io) != NULL && io->id_len > 0 &&
		mcpsess_lines_peek(&io->lines, &line)) {
		if (!must_not_wait(io, line)) {
			mcpsess_lines_skip(&io->lines);
		} else if (serve_aside(io, line)) {
			mcpsess_lines_drop(&io->lines);
		} else {
			break;
		}
	}
	return mcpsess_buffer_bytes(&io->aside);
}
