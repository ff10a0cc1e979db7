/* A validating scan for what routing needs, against a parse into a tree by jansson. */
#include <jansson.h>

#include "base/buffer.h"
#include "bench.h"
#include "json/json.h"

enum { DEPTH = 64, LARGE = 10240 };

static const struct mcpsess_json_want wants[] = {
	{ -1, "jsonrpc" },
	{ -1, "id" },
	{ -1, "method" },
	{ -1, "params" },
	{ -1, "result" },
	{ -1, "error" },
	{ 3, "_meta" },
	{ 3, "name" },
	{ 6, "progressToken" },
};

enum { WANTS = sizeof(wants) / sizeof(wants[0]) };

static void run_scan(void *context, uint64_t times)
{
	const struct mcpsess_bytes *text = context;
	struct mcpsess_bytes found[WANTS];
	for (; times > 0; times--) {
		if (mcpsess_json_scan(*text, DEPTH, wants, WANTS, found) != MCPSESS_OK) {
			abort();
		}
		bench_keep(found);
	}
}

static void run_jansson(void *context, uint64_t times)
{
	const struct mcpsess_bytes *text = context;
	for (; times > 0; times--) {
		json_t *tree = json_loadb(text->data, text->len, 0, NULL);
		if (tree == NULL) {
			abort();
		}
		json_decref(tree);
	}
}

static void compare(const char *name, struct mcpsess_bytes text)
{
	struct bench_side ours = { run_scan, &text };
	struct bench_side reference = { run_jansson, &text };
	bench_compare(name, ours, reference, "<= 0.125");
}

static void add_edits(struct mcpsess_buffer *buffer)
{
	for (int i = 0; buffer->len < LARGE - 160; i++) {
		mcpsess_buffer_text(buffer, i > 0 ? ",{\"line\":" : "{\"line\":");
		mcpsess_buffer_int(buffer, i * 7);
		mcpsess_buffer_text(buffer,
			",\"old\":\"\\tif (count < limit) {\\n\\t\\treturn \\\"few\\\";\\n\\t}\\n\""
			",\"new\":\"\\tif (count <= limit) {\\n\\t\\treturn "
			"\\\"few\\\";\\n\\t}\\n\""
			",\"weight\":");
		mcpsess_buffer_int(buffer, i);
		mcpsess_buffer_text(buffer, ".5}");
	}
}

static void compare_grown(struct mcpsess_buffer *buffer, const char *name, const char *head,
	void (*add)(struct mcpsess_buffer *buffer), const char *tail)
{
	mcpsess_buffer_reset(buffer);
	mcpsess_buffer_text(buffer, head);
	add(buffer);
	mcpsess_buffer_text(buffer, tail);
	compare(name, mcpsess_buffer_bytes(buffer));
}

static void add_lines(struct mcpsess_buffer *buffer)
{
	for (int i = 0; buffer->len < LARGE - 100; i++) {
		mcpsess_buffer_text(
			buffer, "A line of plain English text as people write it, number ");
		mcpsess_buffer_int(buffer, i);
		mcpsess_buffer_text(buffer, ".\\n");
	}
}

static void add_words(struct mcpsess_buffer *buffer)
{
	while (buffer->len < LARGE - 100) {
		mcpsess_buffer_text(
			buffer, "\u0441\u043b\u043e\u0432\u043e \u8a00\u8449 \U0001f600 ");
	}
}

#define HEAD "{\"jsonrpc\":\"2.0\",\"id\":1234,\"method\":\"tools/call\",\"params\":{"

int main(void)
{
	struct mcpsess_env env;
	struct mcpsess_buffer buffer;
	mcpsess_env_init(&env, NULL);
	mcpsess_buffer_init(&buffer, &env);
	bench_title("scan of one message against jansson, ns");
	compare("tools/call, 295 bytes",
		mcpsess_str(HEAD
			"\"_meta\":{\"progressToken\":\"tok-1234\"},\"name\":\"search_documents\","
			"\"arguments\":{\"query\":\"session store "
			"limits\",\"limit\":25,\"offset\":0,"
			"\"filters\":{\"lang\":\"en\",\"kind\":[\"doc\",\"issue\",\"code\"],"
			"\"since\":\"2025-01-01\"},\"fuzzy\":true,\"threshold\":0.75}}}"));
	compare("initialize, 260 bytes",
		mcpsess_str(
			"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
			"\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"roots\":{"
			"\"listChanged\":true},\"sampling\":{},\"elicitation\":{}},\"clientInfo\":{"
			"\"name\":\"ExampleClient\",\"title\":\"Example Client Display Name\","
			"\"version\":\"1.0.0\"}}}"));
	compare_grown(&buffer, "tools/call, 10 KiB of many members",
		HEAD "\"name\":\"apply_patch\",\"arguments\":{\"edits\":[", add_edits, "]}}}");
	compare_grown(&buffer, "tools/call, 10 KiB of one string",
		HEAD "\"name\":\"write_file\",\"arguments\":{\"content\":\"", add_lines, "\"}}}");
	compare_grown(&buffer, "tools/call, 10 KiB of one string, not ASCII",
		HEAD "\"name\":\"write_file\",\"arguments\":{\"content\":\"", add_words, "\"}}}");
	mcpsess_buffer_free(&buffer);
	return 0;
}
