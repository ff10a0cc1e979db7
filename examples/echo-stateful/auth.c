#include "auth.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../common/mhd.h"
#include "log.h"

struct token {
	char *token;
	const char *principal; /* behind the token, in the same memory */
	struct token *next;
};

struct network {
	unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;
};

struct auth {
	struct token *tokens;
	const char *header; /* NULL: no proxy */
	struct network proxy;
};

/* -- tokens ----------------------------------------------------------------------------------- */

/* As long for a wrong guess as for a right one: the time must not tell how much was right. */
static int same_secret(const char *guess, const char *secret)
{
	size_t len = strlen(guess);
	size_t secret_len = strlen(secret);
	unsigned char different = len != secret_len;
	for (size_t i = 0; i < len; i++) {
		different |=
			(unsigned char)(guess[i] ^ secret[secret_len > 0 ? i % secret_len : 0]);
	}
	return different == 0;
}

static const char *bearer(struct MHD_Connection *connection)
{
	const char *value = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	if (value == NULL || strncasecmp(value, "Bearer ", 7) != 0) {
		return NULL;
	}
	return value + 7 + strspn(value + 7, " ");
}

int auth_bearer_is(struct MHD_Connection *connection, const char *token)
{
	const char *guess = bearer(connection);
	return guess != NULL && same_secret(guess, token);
}

static int check_token(const struct auth *auth, const char *guess, struct mcpsess_bytes *principal)
{
	int found = 0;
	for (const struct token *token = auth->tokens; guess != NULL && token != NULL;
		token = token->next) {
		if (same_secret(guess, token->token)) {
			*principal = mcpsess_str(token->principal);
			found = 1;
		}
	}
	return found;
}

/* A line "token principal"; blank ones and those that begin with '#' say nothing. */
static int add_token(struct auth *auth, const char *line)
{
	static const char blank[] = " \t\r\n";
	line += strspn(line, blank);
	size_t token_len = strcspn(line, blank);
	if (token_len == 0 || line[0] == '#') {
		return 0;
	}
	const char *principal = line + token_len + strspn(line + token_len, blank);
	size_t principal_len = strlen(principal);
	while (principal_len > 0 && strchr(blank, principal[principal_len - 1]) != NULL) {
		principal_len--;
	}
	struct token *token = malloc(sizeof(*token));
	char *memory = malloc(token_len + principal_len + 2);
	if (principal_len == 0 || token == NULL || memory == NULL) {
		free(token);
		free(memory);
		return -1;
	}
	memcpy(memory, line, token_len);
	memory[token_len] = '\0';
	memcpy(memory + token_len + 1, principal, principal_len);
	memory[token_len + 1 + principal_len] = '\0';
	*token = (struct token){ memory, memory + token_len + 1, auth->tokens };
	auth->tokens = token;
	return 0;
}

static int read_tokens(struct auth *auth, const char *name)
{
	char *line = NULL;
	size_t capacity = 0;
	int number = 0;
	int status = 0;
	FILE *file = fopen(name, "re");
	if (file == NULL) {
		log_line(MCPSESS_LOG_ERROR, "%s: %s", name, strerror(errno));
		return -1;
	}
	while (status == 0 && getline(&line, &capacity, file) >= 0) {
		number++;
		status = add_token(auth, line);
	}
	if (status < 0) {
		log_line(MCPSESS_LOG_ERROR, "%s:%d: not \"token principal\"", name, number);
	} else if (auth->tokens == NULL) {
		log_line(MCPSESS_LOG_ERROR, "%s: no token in it", name);
		status = -1;
	}
	free(line);
	fclose(file);
	return status;
}

/* -- a proxy ---------------------------------------------------------------------------------- */

static void map_ipv4(const void *in, unsigned char out[16])
{
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	memcpy(out + 12, in, 4);
}

/* "10.0.0.0/8", "::1"; -1 when it is neither. */
static int parse_network(const char *text, struct network *out)
{
	char address[INET6_ADDRSTRLEN];
	unsigned char ipv4[4];
	size_t len = strcspn(text, "/");
	if (len >= sizeof(address)) {
		return -1;
	}
	memcpy(address, text, len);
	address[len] = '\0';
	unsigned width = 128;
	if (inet_pton(AF_INET, address, ipv4) == 1) {
		width = 32;
		map_ipv4(ipv4, out->address);
	} else if (inet_pton(AF_INET6, address, out->address) != 1) {
		return -1;
	}
	out->bits = 128;
	if (text[len] == '/') {
		char *end;
		unsigned long bits = strtoul(text + len + 1, &end, 10);
		if (!isdigit((unsigned char)text[len + 1]) || *end != '\0' || bits > width) {
			return -1;
		}
		out->bits = 128 - width + (unsigned)bits;
	}
	return 0;
}

static int comes_from(struct MHD_Connection *connection, const struct network *network)
{
	unsigned char address[16];
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL || info->client_addr == NULL) {
		return 0;
	}
	if (info->client_addr->sa_family == AF_INET) {
		map_ipv4(&((const struct sockaddr_in *)info->client_addr)->sin_addr, address);
	} else if (info->client_addr->sa_family == AF_INET6) {
		memcpy(address, &((const struct sockaddr_in6 *)info->client_addr)->sin6_addr, 16);
	} else {
		return 0;
	}
	size_t whole = network->bits / 8;
	unsigned rest = network->bits % 8;
	return memcmp(address, network->address, whole) == 0 &&
	       (rest == 0 || (address[whole] ^ network->address[whole]) >> (8 - rest) == 0);
}

/* Named twice is named by nobody: the client may have written one of the two. */
static int check_proxy(
	const struct auth *auth, struct MHD_Connection *connection, struct mcpsess_bytes *principal)
{
	return comes_from(connection, &auth->proxy) &&
	       mhd_header(connection, auth->header, principal) == 1 && principal->len > 0;
}

/* -- both ------------------------------------------------------------------------------------- */

int auth_check(
	const struct auth *auth, struct MHD_Connection *connection, struct mcpsess_bytes *principal)
{
	*principal = mcpsess_str(NULL);
	if (auth->header != NULL) {
		return check_proxy(auth, connection, principal);
	}
	return auth->tokens == NULL || check_token(auth, bearer(connection), principal);
}

int auth_open(const struct options *options, struct auth **out)
{
	int status = 0;
	struct auth *auth = calloc(1, sizeof(*auth));
	if (auth == NULL) {
		log_line(MCPSESS_LOG_ERROR, "out of memory");
		return -1;
	}
	auth->header = options->principal_header;
	if (options->auth_token != NULL) {
		status = read_tokens(auth, options->auth_token);
	} else if (auth->header != NULL &&
		   parse_network(options->trusted_proxy, &auth->proxy) < 0) {
		log_line(MCPSESS_LOG_ERROR, "%s is no network", options->trusted_proxy);
		status = -1;
	}
	if (status < 0) {
		auth_close(auth);
		return -1;
	}
	*out = auth;
	return 0;
}

void auth_close(struct auth *auth)
{
	while (auth != NULL && auth->tokens != NULL) {
		struct token *token = auth->tokens;
		auth->tokens = token->next;
		free(token->token);
		free(token);
	}
	free(auth);
}
