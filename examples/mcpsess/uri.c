#include "uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

int uri_is(const char *uri, const char *scheme)
{
	size_t len = strlen(scheme);
	return strncmp(uri, scheme, len) == 0 && (uri[len] == ':' || uri[len] == '+');
}

static int is_one(const char *parameter, size_t len, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (strlen(*names) == len && memcmp(parameter, *names, len) == 0) {
			return 1;
		}
	}
	return 0;
}

/* The URI without some parameters, and with more. */
static char *rebuilt(const char *uri, const char *const *without, const char *more)
{
	char *out = malloc(strlen(uri) + strlen(more) + 2);
	const char *query = strchr(uri, '?');
	size_t len = query != NULL ? (size_t)(query - uri) : strlen(uri);
	char mark = '?';
	if (out == NULL) {
		return NULL;
	}
	memcpy(out, uri, len);
	while (query != NULL) {
		const char *start = query + 1;
		size_t whole = strcspn(start, "&");
		if (whole > 0 && !is_one(start, strcspn(start, "=&"), without)) {
			out[len++] = mark;
			memcpy(out + len, start, whole);
			len += whole;
			mark = '&';
		}
		query = start[whole] == '&' ? start + whole : NULL;
	}
	if (more[0] != '\0') {
		out[len++] = mark;
	}
	strcpy(out + len, more);
	return out;
}

char *uri_private(const char *uri, const char **name)
{
	static const char *const without[] = { "idle", "absolute", "tombstone", "touch_every",
		"max_sessions", "max_sessions_per_owner", "max_bytes", "prefix", "schema",
		"migrate", NULL };
	static char space[64];
	char more[128] = "";
	unsigned chance = 0;
	if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance)) {
		return NULL;
	}
	space[0] = '\0';
	*name = space;
	if (uri_is(uri, "redis") || uri_is(uri, "rediss")) {
		snprintf(space, sizeof(space), "mcpsess-check-%08x:", chance);
		snprintf(more, sizeof(more), "prefix=%s", space);
	} else if (uri_is(uri, "postgresql") || uri_is(uri, "postgres")) {
		snprintf(space, sizeof(space), "mcpsess_check_%08x", chance);
		snprintf(more, sizeof(more), "schema=%s&migrate=create", space);
	} else if (!uri_is(uri, "memory")) {
		*name = NULL;
	}
	return *name != NULL ? rebuilt(uri, without, more) : strdup(uri);
}

char *uri_creating(const char *uri)
{
	static const char *const without[] = { "migrate", NULL };
	return rebuilt(uri, without, "migrate=create");
}

char *uri_dropping(const char *uri)
{
	static const char *const without[] = { "migrate", "timeout", "connect_timeout", NULL };
	return rebuilt(uri, without, "migrate=drop&timeout=30s&connect_timeout=30s");
}

static void decode(char *text)
{
	char *to = text;
	for (; *text != '\0'; text++) {
		unsigned byte = (unsigned char)*text;
		if (byte == '%' && sscanf(text + 1, "%2x", &byte) == 1) {
			text += 2;
		}
		*to++ = (char)byte;
	}
	*to = '\0';
}

char *uri_value(const char *uri, const char *parameter)
{
	size_t len = strlen(parameter);
	for (const char *at = strchr(uri, '?'); at != NULL; at = strchr(at + 1, '&')) {
		char *one = strndup(at + 1, strcspn(at + 1, "&"));
		if (one == NULL) {
			break;
		}
		decode(one);
		if (strncmp(one, parameter, len) == 0 && one[len] == '=') {
			return memmove(one, one + len + 1, strlen(one + len));
		}
		free(one);
	}
	return NULL;
}
