/*
 * The reference of the HTTP benchmark: the least that libmicrohttpd needs to answer a POST.
 *
 *     mhd-hello PORT fresh|jansson THREADS
 *
 * fresh makes one response of ready text for each request; jansson also reads the request into a
 * tree and writes the answer from one, as a host without libmcpsess would.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT "{\"content\":[{\"type\":\"text\",\"text\":\"hello\"}]}"

enum { BODY_MAX = 65536 };

struct body {
	size_t len;
	char bytes[BODY_MAX];
};

static int with_jansson;

static struct MHD_Response *ready_text(void)
{
	static char text[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" CONTENT "}";
	return MHD_create_response_from_buffer(sizeof(text) - 1, text, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *through_trees(const struct body *body)
{
	json_t *request = json_loadb(body->bytes, body->len, 0, NULL);
	json_t *params = json_object_get(request, "params");
	json_t *message = json_object_get(json_object_get(params, "arguments"), "message");
	json_t *reply = json_pack("{s:s, s:O?, s:{s:[{s:s, s:O?}]}}", "jsonrpc", "2.0", "id",
		json_object_get(request, "id"), "result", "content", "type", "text", "text",
		message);
	char *text = json_dumps(reply, JSON_COMPACT);
	json_decref(reply);
	json_decref(request);
	if (text == NULL) {
		return NULL;
	}
	return MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result answer(struct MHD_Connection *connection, const struct body *body)
{
	struct MHD_Response *response = with_jansson ? through_trees(body) : ready_text();
	if (response == NULL) {
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", "application/json");
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result handle(void *user_data, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *len, void **state)
{
	(void)user_data, (void)url, (void)method, (void)version;
	struct body *body = *state;
	if (body == NULL) {
		*state = body = malloc(sizeof(*body));
		if (body == NULL) {
			return MHD_NO;
		}
		body->len = 0;
		return MHD_YES;
	}
	if (*len == 0) {
		return answer(connection, body);
	}
	if (*len > BODY_MAX - body->len) {
		return MHD_NO;
	}
	memcpy(body->bytes + body->len, data, *len);
	body->len += *len;
	*len = 0;
	return MHD_YES;
}

static void completed(void *user_data, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode why)
{
	(void)user_data, (void)connection, (void)why;
	free(*state);
	*state = NULL;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: mhd-hello PORT fresh|jansson THREADS\n");
		return 2;
	}
	with_jansson = strcmp(argv[2], "jansson") == 0;
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((unsigned short)atoi(argv[1])),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	sigset_t stop;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL,
		handle, NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE,
		(unsigned)atoi(argv[3]), MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
		MHD_OPTION_END);
	if (daemon == NULL) {
		fprintf(stderr, "cannot listen on port %s\n", argv[1]);
		return 1;
	}
	int number;
	sigwait(&stop, &number);
	MHD_stop_daemon(daemon);
	return 0;
}
