/* One message through the session layer: a tools/call in, a reply out, memory store, no transport.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <mcpsess/rpc.h>

#include "bench.h"

static uint64_t allocations;

static void *counting_realloc(void *user_data, void *ptr, size_t size)
{
	(void)user_data;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	allocations += ptr == NULL;
	return realloc(ptr, size);
}

struct layer {
	struct mcpsess_rpc *rpc;
	struct mcpsess_input input;
};

static const char call[] =
	"{\"jsonrpc\":\"2.0\",\"id\":1234,\"method\":\"tools/call\",\"params\":{\"_meta\":{"
	"\"progressToken\":\"tok-1234\"},\"name\":\"search_documents\",\"arguments\":{\"query\":"
	"\"session store limits\",\"limit\":25,\"offset\":0,\"filters\":{\"lang\":\"en\",\"kind\":["
	"\"doc\",\"issue\",\"code\"],\"since\":\"2025-01-01\"},\"fuzzy\":true,\"threshold\":0.75}}"
	"}";
static const char result[] =
	"{\"content\":[{\"type\":\"text\",\"text\":\"42 documents found\"}],\"isError\":false}";

static void run_layer(void *context, uint64_t times)
{
	const struct layer *layer = context;
	for (; times > 0; times--) {
		struct mcpsess_message *message;
		if (mcpsess_rpc_begin(layer->rpc, &layer->input, &message) != MCPSESS_DISPATCH ||
			mcpsess_message_result(message, mcpsess_str(result)) != MCPSESS_REPLY ||
			mcpsess_message_status(message) != MCPSESS_OK) {
			abort();
		}
		bench_keep(mcpsess_message_reply(message).data);
		mcpsess_message_end(message);
	}
}

/* What a C server without sessions spends on the same message with a JSON tree. */
static void run_tree(void *context, uint64_t times)
{
	(void)context;
	for (; times > 0; times--) {
		json_t *message = json_loads(call, 0, NULL);
		json_t *reply = json_pack("{s:s,s:O,s:{s:[{s:s,s:s}],s:b}}", "jsonrpc", "2.0", "id",
			json_object_get(message, "id"), "result", "content", "type", "text", "text",
			"42 documents found", "isError", 0);
		char *text = json_dumps(reply, JSON_COMPACT);
		bench_keep(text);
		free(text);
		json_decref(reply);
		json_decref(message);
	}
}

static void begin_session(struct layer *layer)
{
	static char id[MCPSESS_ID_MAX];
	struct mcpsess_message *message;
	struct mcpsess_input input = {
		.body = mcpsess_str("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\","
				    "\"params\":{\"protocolVersion\":\"2025-11-25\"}}")
	};
	mcpsess_rpc_begin(layer->rpc, &input, &message);
	struct mcpsess_bytes minted = mcpsess_message_session_id(message);
	memcpy(id, minted.data, minted.len);
	layer->input.session_id = mcpsess_mem(id, minted.len);
	layer->input.body = mcpsess_str(call);
	mcpsess_message_end(message);
}

int main(void)
{
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .realloc = counting_realloc };
	struct mcp_session_store_options settings = { .size = sizeof(settings), .hooks = &hooks };
	struct mcpsess_rpc_options options = { .size = sizeof(options),
		.server_name = "bench",
		.server_version = "1",
		.hooks = &hooks };
	struct layer layer = { 0 };
	if (mcp_session_store_pool_open("memory:", &settings, 0, &options.pool, NULL) !=
		MCPSESS_OK) {
		return 1;
	}
	uint64_t used = allocations;
	if (mcpsess_rpc_create(&options, &layer.rpc, NULL) != MCPSESS_OK) {
		return 1;
	}
	begin_session(&layer);
	bench_title("one tools/call of 295 bytes, ns of CPU");
	bench_compare("session layer | jansson parse and reply",
		(struct bench_side){ run_layer, &layer }, (struct bench_side){ run_tree, NULL },
		"ours <= 1500 ns");
	allocations = 0;
	run_layer(&layer, 1000);
	printf("%-44s %12.2f %12s %8s  <= 2\n", "allocations per message",
		(double)allocations / 1000, "", "");
	printf("%-44s %12llu %12s %8s  < 10\n", "allocations of a store nobody uses",
		(unsigned long long)used, "", "");
	mcpsess_rpc_destroy(layer.rpc);
	mcp_session_store_pool_close(options.pool);
	return 0;
}
