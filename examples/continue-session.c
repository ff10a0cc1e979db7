/*
 * continue-session: take up a session that another server began.
 *
 *   continue-session ID [--base URL] [--sse|--json]
 *
 * Asks the server at URL (http://127.0.0.1:3000/mcp) for its tools and what it knows of the
 * session, and prints both answers. ID may be -, which reads it, as other users see a command's
 * arguments. The variable AUTH_TOKEN has the bearer token for a server that asks who comes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcpsess/http.h>

#include "common/http1.h"

enum { ANSWER_MAX = 1 << 20 };

struct place {
	char host[256], port[8], path[256];
	const char *accept;
	const char *id;
};

static int parse_base(const char *url, struct place *place)
{
	strcpy(place->port, "80");
	strcpy(place->path, "/mcp");
	return sscanf(url, "http://%255[^:/]:%7[0-9]%255s", place->host, place->port,
		       place->path) >= 2 ||
	       sscanf(url, "http://%255[^:/]%255s", place->host, place->path) >= 1;
}

/* What is chunked becomes whole, in place. */
static size_t unchunk(char *body, size_t len)
{
	size_t from = 0, to = 0;
	while (from < len) {
		char *end;
		size_t size = strtoul(body + from, &end, 16);
		from = (size_t)(end - body) + 2;
		if (size == 0 || from > len || size > len - from) {
			break;
		}
		memmove(body + to, body + from, size);
		to += size;
		from += size + 2;
	}
	return to;
}

/* Print the body; of an event stream, what its events say. The status; 0: there is no answer. */
static int print_answer(char *text, size_t len)
{
	text[len] = '\0';
	char *head_end = strstr(text, "\r\n\r\n"), *line_end = strstr(text, "\r\n");
	if (head_end == NULL) {
		return 0;
	}
	struct mcpsess_bytes block = mcpsess_mem(line_end + 2, (size_t)(head_end - line_end)),
			     value;
	char *body = head_end + 4;
	size_t size = (size_t)(text + len - body);
	if (mcpsess_http_header_block(&block, "transfer-encoding", &value) > 0) {
		size = unchunk(body, size);
	}
	body[size] = '\0';
	int is_stream = mcpsess_http_header_block(&block, "content-type", &value) > 0 &&
			value.len >= 17 && memcmp(value.data, "text/event-stream", 17) == 0;
	char *rest = NULL;
	for (char *line = strtok_r(body, "\r\n", &rest); line != NULL;
		line = strtok_r(NULL, "\r\n", &rest)) {
		if (!is_stream) {
			puts(line);
		} else if (strncmp(line, "data: ", 6) == 0 && line[6] != '\0') {
			puts(line + 6);
		}
	}
	return atoi(text + 9);
}

static int ask(const struct place *place, const char *body)
{
	static char text[ANSWER_MAX + 1];
	size_t len = 0;
	int fd = http1_connect(place->host, place->port);
	if (fd < 0) {
		fprintf(stderr, "continue-session: no server at %s:%s\n", place->host, place->port);
		return 0;
	}
	const char *token = getenv("AUTH_TOKEN");
	int size = snprintf(text, sizeof(text),
		"POST %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\nAccept: %s\r\n%s%s%s"
		"Content-Type: application/json\r\nMcp-Session-Id: %s\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		place->path, place->host, place->port, place->accept,
		token != NULL ? "Authorization: Bearer " : "", token != NULL ? token : "",
		token != NULL ? "\r\n" : "", place->id, strlen(body), body);
	http1_send_all(fd, mcpsess_mem(text, (size_t)size));
	while (len < ANSWER_MAX && http1_receive(fd, text, ANSWER_MAX, &len) >= 0) {
	}
	close(fd);
	return print_answer(text, len);
}

int main(int argc, char **argv)
{
	static char line[256];
	struct place place = { .accept = "application/json, text/event-stream" };
	int wrong = !parse_base("http://127.0.0.1:3000/mcp", &place);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--base") == 0 && i + 1 < argc) {
			wrong |= !parse_base(argv[++i], &place);
		} else if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--sse") == 0) {
			place.accept = argv[i][2] == 'j' ? "application/json" : "text/event-stream";
		} else {
			wrong |= place.id != NULL ||
				 (strncmp(argv[i], "--", 2) == 0 && strlen(argv[i]) < 22);
			place.id = argv[i];
		}
	}
	if (!wrong && place.id != NULL && strcmp(place.id, "-") == 0) {
		place.id = fgets(line, sizeof(line), stdin);
		line[strcspn(line, "\r\n")] = '\0';
	}
	if (wrong || place.id == NULL || strlen(place.id) > 128) {
		fputs("continue-session ID [--base URL] [--sse|--json]; AUTH_TOKEN for who comes\n",
			stderr);
		return 2;
	}
	return ask(&place, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}") == 200 &&
			       ask(&place,
				       "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\","
				       "\"params\":{\"name\":\"get_session_info\"}}") == 200
		       ? EXIT_SUCCESS
		       : EXIT_FAILURE;
}
