#include <stdio.h>

#include "http/http.h"
#include "http/origin.h"
#include "rpc/rpc.h"

static int copy_list(const struct mcpsess_env *env, const char *list, char **out)
{
	*out = list != NULL ? mcpsess_strdup(env, mcpsess_str(list)) : NULL;
	return list == NULL || *out != NULL;
}

static int check(const struct mcpsess_http_options *options, struct mcpsess_error *err)
{
	if (options->size == 0 || options->rpc == NULL) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "%s is needed",
			options->size == 0 ? "size" : "rpc");
	}
	int status = mcpsess_http_check_hosts(options->hosts, err);
	return status == MCPSESS_OK && options->origins != NULL
		       ? mcpsess_http_check_origins(options->origins, err)
		       : status;
}

int mcpsess_http_create(const struct mcpsess_http_options *given, struct mcpsess_http **out,
	struct mcpsess_error *err)
{
	struct mcpsess_http_options options = { 0 };
	memcpy(&options, given, given->size < sizeof(options) ? given->size : sizeof(options));
	if (options.hosts == NULL) {
		options.hosts = "localhost,127.0.0.1,[::1]";
	}
	int status = check(&options, err);
	if (status != MCPSESS_OK) {
		return status;
	}
	const struct mcpsess_env *env = mcpsess_rpc_env(options.rpc);
	struct mcpsess_http *http = mcpsess_alloc(env, sizeof(*http));
	if (http == NULL) {
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "out of memory");
	}
	http->rpc = options.rpc;
	http->env = env;
	http->cors = options.cors != 0;
	http->prefer_sse = options.prefer_sse != 0;
	snprintf(http->retry_after, sizeof(http->retry_after), "%u",
		options.retry_after_s > 0 ? (unsigned)options.retry_after_s : 1u);
	if (!copy_list(env, options.hosts, &http->hosts) ||
		!copy_list(env, options.origins, &http->origins)) {
		mcpsess_http_destroy(http);
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "out of memory");
	}
	*out = http;
	return MCPSESS_OK;
}

void mcpsess_http_destroy(struct mcpsess_http *http)
{
	if (http != NULL) {
		mcpsess_free(http->env, http->hosts);
		mcpsess_free(http->env, http->origins);
		mcpsess_free(http->env, http);
	}
}

static struct mcpsess_http_exchange *exchange_new(
	struct mcpsess_http *http, const struct mcpsess_http_seen *seen)
{
	struct mcpsess_bytes origin = seen->fields[MCPSESS_HTTP_ORIGIN].value;
	if (!http->cors || !mcpsess_http_is_page(http, seen) ||
		!mcpsess_http_origin_is_clean(origin)) {
		origin = mcpsess_mem(NULL, 0);
	}
	struct mcpsess_http_exchange *exchange =
		mcpsess_alloc(http->env, sizeof(*exchange) + origin.len);
	if (exchange != NULL) {
		exchange->http = http;
		exchange->verb = seen->verb;
		mcpsess_buffer_init(&exchange->text, http->env);
		exchange->origin_len = origin.len;
		if (origin.len > 0) {
			memcpy(exchange->origin, origin.data, origin.len);
		}
	}
	return exchange;
}

void mcpsess_http_note(const struct mcpsess_http *http, const struct mcpsess_http_refusal *refusal)
{
	/* Sound clients ask whether there is a stream, and go on without. */
	int usual = refusal->cause == MCPSESS_REFUSED_METHOD;
	mcpsess_rpc_count_refused(http->rpc, refusal->cause);
	mcpsess_log(http->env, usual ? MCPSESS_LOG_DEBUG : MCPSESS_LOG_INFO,
		"request refused: %d: %s", refusal->status, refusal->why);
}

static void message_ready(
	void *user_data, struct mcpsess_message *message, enum mcpsess_verdict verdict)
{
	struct mcpsess_http_exchange *exchange = user_data;
	(void)message;
	exchange->ready(exchange->user_data, exchange, verdict);
}

static enum mcpsess_verdict begin_message(struct mcpsess_http_exchange *exchange,
	const struct mcpsess_http_request *request, const struct mcpsess_http_seen *seen)
{
	static const enum mcpsess_intent intents[] = {
		[MCPSESS_HTTP_POST] = MCPSESS_INTENT_MESSAGE,
		[MCPSESS_HTTP_GET] = MCPSESS_INTENT_LISTEN,
		[MCPSESS_HTTP_DELETE] = MCPSESS_INTENT_END,
	};
	struct mcpsess_input input = {
		.intent = intents[seen->verb],
		.body = request->body,
		.session_id = seen->fields[MCPSESS_HTTP_SESSION].value,
		.version = seen->fields[MCPSESS_HTTP_VERSION].value,
		.tenant = request->tenant,
		.principal = request->principal,
		.ready = request->ready != NULL ? message_ready : NULL,
		.user_data = exchange,
	};
	enum mcpsess_verdict verdict =
		mcpsess_rpc_begin(exchange->http->rpc, &input, &exchange->message);
	if (exchange->message == NULL) {
		exchange->refusal = &mcpsess_http_no_memory; /* the layer has counted it */
	}
	return verdict;
}

enum mcpsess_verdict mcpsess_http_begin(struct mcpsess_http *http,
	const struct mcpsess_http_request *request, struct mcpsess_http_exchange **out)
{
	struct mcpsess_http_seen seen;
	mcpsess_http_see(request, &seen);
	struct mcpsess_http_exchange *exchange = *out = exchange_new(http, &seen);
	if (exchange == NULL) {
		mcpsess_rpc_count_refused(http->rpc, MCPSESS_REFUSED_STORE);
		return MCPSESS_REPLY;
	}
	exchange->ready = request->ready;
	exchange->user_data = request->user_data;
	exchange->challenge = request->challenge;
	const struct mcpsess_http_refusal *refusal =
		mcpsess_http_judge(http, &seen, &exchange->sse);
	if (refusal != NULL) {
		exchange->refusal = refusal;
		mcpsess_http_note(http, refusal);
		return MCPSESS_REPLY;
	}
	return seen.verb == MCPSESS_HTTP_OPTIONS ? MCPSESS_REPLY
						 : begin_message(exchange, request, &seen);
}

struct mcpsess_message *mcpsess_http_message(struct mcpsess_http_exchange *exchange)
{
	return exchange != NULL && exchange->message != NULL &&
			       mcpsess_message_dispatched(exchange->message)
		       ? exchange->message
		       : NULL;
}

void mcpsess_http_end(struct mcpsess_http_exchange *exchange)
{
	if (exchange != NULL) {
		mcpsess_message_end(exchange->message);
		mcpsess_buffer_free(&exchange->text);
		mcpsess_free(exchange->http->env, exchange);
	}
}
