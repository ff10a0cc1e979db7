#include "http/origin.h"

#include "base/env.h"
#include "http/text.h"

enum { ORIGIN_MAX = 512 };

struct authority {
	struct mcpsess_bytes host; /* brackets included */
	struct mcpsess_bytes port; /* empty: none */
};

static int all_in(struct mcpsess_bytes text, const char *others, int letters)
{
	const char *at = text.data;
	for (size_t i = 0; i < text.len; i++) {
		char c = at[i];
		int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!(c >= '0' && c <= '9') && !(letters && letter) &&
			(c == '\0' || strchr(others, c) == NULL)) {
			return 0;
		}
	}
	return text.len > 0;
}

/* "name", "name:port", "[v6]", "[v6]:port": 1, or 0 for anything else. */
static int split_authority(struct mcpsess_bytes text, struct authority *out)
{
	int literal = text.len > 0 && *(const char *)text.data == '[';
	size_t end = mcpsess_http_find(text, literal ? ']' : ':');
	struct mcpsess_bytes name = mcpsess_mem(text.data, end);
	if (literal) {
		if (end == text.len) {
			return 0;
		}
		end++;
		name = mcpsess_http_from(name, 1);
	}
	if (!all_in(name, literal ? ":." : "-._", 1)) {
		return 0;
	}
	out->host = mcpsess_mem(text.data, end);
	out->port = mcpsess_http_from(text, end);
	if (out->port.len == 0) {
		return 1;
	}
	if (*(const char *)out->port.data != ':') {
		return 0;
	}
	out->port = mcpsess_http_from(out->port, 1);
	return out->port.len == 0 || all_in(out->port, "", 0);
}

/* "scheme://authority", nothing after it. */
static int split_origin(
	struct mcpsess_bytes text, struct mcpsess_bytes *scheme, struct mcpsess_bytes *authority)
{
	size_t colon = mcpsess_http_find(text, ':');
	struct mcpsess_bytes rest = mcpsess_http_from(text, colon);
	if (rest.len < 3 || memcmp(rest.data, "://", 3) != 0) {
		return 0;
	}
	*scheme = mcpsess_mem(text.data, colon);
	*authority = mcpsess_http_from(rest, 3);
	return all_in(*scheme, "+-.", 1);
}

static int is_any(struct mcpsess_bytes pattern)
{
	return mcpsess_bytes_equal(pattern, mcpsess_str("*"));
}

/* The name of a pattern without its "*", and whether there was one. */
static int strip_star(struct mcpsess_bytes *pattern)
{
	if (pattern->len < 3 || memcmp(pattern->data, "*.", 2) != 0) {
		return 0;
	}
	*pattern = mcpsess_http_from(*pattern, 1);
	return 1;
}

/* With a star name begins with a dot, and something must stand before it. */
static int name_fits(int star, struct mcpsess_bytes name, struct mcpsess_bytes host)
{
	if (!star) {
		return mcpsess_http_same(name, host);
	}
	return host.len > name.len &&
	       mcpsess_http_same(name, mcpsess_http_from(host, host.len - name.len));
}

static int host_fits_list(const char *hosts, struct mcpsess_bytes host)
{
	struct mcpsess_bytes rest = mcpsess_str(hosts), pattern;
	while (mcpsess_http_next(&rest, ',', &pattern)) {
		if (is_any(pattern)) {
			return 1;
		}
		int star = strip_star(&pattern);
		if (name_fits(star, pattern, host)) {
			return 1;
		}
	}
	return 0;
}

static int accepts_any(const char *list)
{
	struct mcpsess_bytes rest = mcpsess_str(list), pattern;
	while (mcpsess_http_next(&rest, ',', &pattern)) {
		if (is_any(pattern)) {
			return 1;
		}
	}
	return 0;
}

int mcpsess_http_host_fits(const char *hosts, struct mcpsess_bytes header)
{
	struct authority authority;
	if (split_authority(header, &authority)) {
		return host_fits_list(hosts, authority.host);
	}
	return accepts_any(hosts);
}

static int origin_fits_one(struct mcpsess_bytes pattern, struct mcpsess_bytes scheme,
	const struct authority *authority)
{
	struct mcpsess_bytes want_scheme, rest;
	struct authority want;
	if (!split_origin(pattern, &want_scheme, &rest) ||
		!mcpsess_http_same(want_scheme, scheme)) {
		return 0;
	}
	int star = strip_star(&rest);
	return split_authority(rest, &want) && mcpsess_bytes_equal(want.port, authority->port) &&
	       name_fits(star, want.host, authority->host);
}

int mcpsess_http_origin_fits(const char *origins, const char *hosts, struct mcpsess_bytes header)
{
	struct mcpsess_bytes scheme, rest, pattern;
	struct authority authority;
	if (origins != NULL && accepts_any(origins)) {
		return 1;
	}
	if (!split_origin(header, &scheme, &rest) || !split_authority(rest, &authority)) {
		return 0;
	}
	if (origins == NULL) {
		return host_fits_list(hosts, authority.host);
	}
	rest = mcpsess_str(origins);
	while (mcpsess_http_next(&rest, ',', &pattern)) {
		if (origin_fits_one(pattern, scheme, &authority)) {
			return 1;
		}
	}
	return 0;
}

int mcpsess_http_origin_is_clean(struct mcpsess_bytes header)
{
	const unsigned char *at = header.data;
	for (size_t i = 0; i < header.len; i++) {
		if (at[i] <= 0x20 || at[i] >= 0x7f) {
			return 0;
		}
	}
	return header.len > 0 && header.len <= ORIGIN_MAX;
}

/* A host's pattern, with a port only where one may stand. */
static int is_pattern(struct mcpsess_bytes text, int with_port)
{
	struct authority authority;
	strip_star(&text);
	return split_authority(text, &authority) && (with_port || authority.host.len == text.len);
}

static int refuse(struct mcpsess_error *err, const char *option, struct mcpsess_bytes pattern)
{
	return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "%s: \"%.*s\" is not a pattern", option,
		(int)(pattern.len < 100 ? pattern.len : 100), (const char *)pattern.data);
}

int mcpsess_http_check_hosts(const char *hosts, struct mcpsess_error *err)
{
	struct mcpsess_bytes rest = mcpsess_str(hosts), pattern;
	int count = 0;
	while (mcpsess_http_next(&rest, ',', &pattern)) {
		if (!is_any(pattern) && !is_pattern(pattern, 0)) {
			return refuse(err, "hosts", pattern);
		}
		count++;
	}
	return count > 0 ? MCPSESS_OK
			 : mcpsess_fail(err, MCPSESS_E_INVALID, 0, "hosts: the list is empty");
}

int mcpsess_http_check_origins(const char *origins, struct mcpsess_error *err)
{
	struct mcpsess_bytes rest = mcpsess_str(origins), pattern, scheme, authority;
	while (mcpsess_http_next(&rest, ',', &pattern)) {
		if (!is_any(pattern) &&
			!(split_origin(pattern, &scheme, &authority) && is_pattern(authority, 1))) {
			return refuse(err, "origins", pattern);
		}
	}
	return MCPSESS_OK;
}
