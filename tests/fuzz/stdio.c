/*
 * A byte stream. The first byte says how it is cut; the output is the same as when it is not. And
 * once more with a host that looks at what comes meanwhile: then only its form is known.
 */
#include <mcpsess/stdio.h>

#include "json/json.h"
#include "layer.h"

struct spoken {
	char *text;
	size_t len;
};

static void check_line(struct mcpsess_bytes line)
{
	struct mcpsess_bytes value;
	fuzz_require(mcpsess_json_check(line, 512, &value) == MCPSESS_OK);
	const char *newline = memchr(line.data, '\n', line.len);
	fuzz_require(newline == (const char *)line.data + line.len - 1);
}

static void check_lines(struct mcpsess_bytes lines)
{
	const char *at = lines.data;
	while (lines.len > 0) {
		const char *end = memchr(at, '\n', lines.len);
		fuzz_require(end != NULL);
		size_t len = (size_t)(end - at) + 1;
		check_line(mcpsess_mem(at, len));
		at += len;
		lines.len -= len;
	}
}

static void drain(struct mcpsess_stdio *io, int aside, struct spoken *spoken)
{
	int verdict;
	while ((verdict = mcpsess_stdio_next(io)) != MCPSESS_STDIO_IDLE) {
		while (verdict == MCPSESS_DISPATCH) {
			if (aside) {
				check_lines(mcpsess_stdio_aside(io));
			}
			verdict = (int)layer_host(mcpsess_stdio_message(io));
		}
		fuzz_require(verdict == MCPSESS_REPLY);
		struct mcpsess_bytes output = mcpsess_stdio_output(io);
		if (output.len > 0) {
			check_line(output);
			spoken->text = realloc(spoken->text, spoken->len + output.len);
			fuzz_require(spoken->text != NULL);
			memcpy(spoken->text + spoken->len, output.data, output.len);
			spoken->len += output.len;
		}
	}
}

static struct spoken converse(const uint8_t *data, size_t size, size_t piece, int aside)
{
	struct layer layer;
	struct mcpsess_stdio *io;
	struct spoken spoken = { NULL, 0 };
	const struct mcpsess_bytes none = { NULL, 0 };
	layer_open(&layer, MCPSESS_SESSION_REQUIRED);
	fuzz_require(mcpsess_stdio_create(layer.rpc, none, none, &io, NULL) == MCPSESS_OK);
	for (size_t at = 0; at < size; at += piece) {
		size_t some = size - at < piece ? size - at : piece;
		fuzz_require(mcpsess_stdio_feed(io, mcpsess_mem(data + at, some)) == MCPSESS_OK);
		drain(io, aside, &spoken);
	}
	mcpsess_stdio_finish(io);
	drain(io, aside, &spoken);
	fuzz_require(layer_sessions(&layer) <= 1);
	mcpsess_stdio_destroy(io);
	fuzz_require(layer_sessions(&layer) == 0);
	layer_close(&layer);
	return spoken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2) {
		return 0;
	}
	struct spoken whole = converse(data + 1, size - 1, size - 1, 0);
	struct spoken cut = converse(data + 1, size - 1, (size_t)data[0] + 1, 0);
	fuzz_require(mcpsess_bytes_equal(
		mcpsess_mem(whole.text, whole.len), mcpsess_mem(cut.text, cut.len)));
	free(whole.text);
	free(cut.text);
	free(converse(data + 1, size - 1, size - 1, 1).text);
	return 0;
}
