/* A host in twenty lines: MCP over standard input and output, with one tool. */
#include <mcpsess/stdio.h>
#include <stdio.h>

int main(void)
{
	struct mcp_session_store *store = NULL;
	struct mcpsess_rpc *rpc = NULL;
	struct mcpsess_stdio *io = NULL;
	struct mcpsess_error err;
	struct mcpsess_rpc_options options;
	char line[4096];
	int verdict;

	memset(&err, 0, sizeof(err));
	memset(&options, 0, sizeof(options));
	options.size = sizeof(options);
	options.server_name = "host";
	options.server_version = "1";
	if (mcp_session_store_open("memory:", NULL, &store, &err) != MCPSESS_OK) {
		return fprintf(stderr, "%s\n", err.text), 1;
	}
	options.store = store;
	if (mcpsess_rpc_create(&options, &rpc, &err) != MCPSESS_OK ||
		mcpsess_stdio_create(rpc, mcpsess_str(""), mcpsess_str(""), &io, &err) !=
			MCPSESS_OK) {
		return fprintf(stderr, "%s\n", err.text), 1;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		mcpsess_stdio_feed(io, mcpsess_str(line));
		while ((verdict = mcpsess_stdio_next(io)) != MCPSESS_STDIO_IDLE) {
			while (verdict == MCPSESS_DISPATCH) {
				verdict = mcpsess_message_text(
					mcpsess_stdio_message(io), mcpsess_str("hello"), 0);
			}
			struct mcpsess_bytes out = mcpsess_stdio_output(io);
			fwrite(out.data, 1, out.len, stdout);
		}
	}
	mcpsess_stdio_destroy(io);
	mcpsess_rpc_destroy(rpc);
	mcp_session_store_close(store);
	return 0;
}
