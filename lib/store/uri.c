#include "store/uri.h"

#include "base/env.h"

/* Where the parser is: what is left of the URI, and where the next part goes. */
struct parser {
	const char *start;
	const char *at;
	char *to;
	struct mcpsess_error *err;
};

const char *mcpsess_uri_quote(const char *text, char out[48])
{
	size_t len = strnlen(text, 44);
	for (size_t i = 0; i < len; i++) {
		out[i] = text[i] > 0x20 && text[i] < 0x7f ? text[i] : '?';
	}
	strcpy(out + len, text[len] != '\0' ? "..." : "");
	return out;
}

int mcpsess_scheme_is_sound(struct mcpsess_bytes text)
{
	const char *c = text.data;
	if (text.len == 0 || text.len > MCPSESS_SCHEME_MAX || c[0] < 'a' || c[0] > 'z') {
		return 0;
	}
	for (size_t i = 1; i < text.len; i++) {
		int letter = c[i] >= 'a' && c[i] <= 'z';
		int digit = c[i] >= '0' && c[i] <= '9';
		if (!letter && !digit && c[i] != '+' && c[i] != '.' && c[i] != '-') {
			return 0;
		}
	}
	return 1;
}

static int refuse_character(struct parser *p)
{
	return mcpsess_fail(p->err, MCPSESS_E_INVALID, 0,
		"character %zu of the store URI must be percent-encoded: %%%02X",
		(size_t)(p->at - p->start) + 1, (unsigned)(unsigned char)*p->at);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that a %XX stands for; -1 when it is none, or one that could end or split a line. */
static int escaped(const char *at)
{
	int high = hex(at[1]);
	int low = high >= 0 ? hex(at[2]) : -1;
	int byte = low >= 0 ? high << 4 | low : -1;
	return byte >= 0x20 && byte != 0x7f ? byte : -1;
}

/* Take one part, up to one of the characters in ends, and leave it as a string in *out. */
static int take(struct parser *p, const char *ends, int decode, const char **out)
{
	*out = p->to;
	while (*p->at != '\0' && strchr(ends, *p->at) == NULL) {
		unsigned char c = (unsigned char)*p->at;
		if (c <= 0x20 || c >= 0x7f || c == '#') {
			return refuse_character(p);
		}
		int byte = c == '%' ? escaped(p->at) : c;
		if (byte < 0) {
			return mcpsess_fail(p->err, MCPSESS_E_INVALID, 0,
				"the %% at character %zu of the store URI is not followed by the "
				"two "
				"hexadecimal digits of a printable byte",
				(size_t)(p->at - p->start) + 1);
		}
		if (decode) {
			*p->to++ = (char)byte;
			p->at += c == '%' ? 3 : 1;
		} else {
			*p->to++ = *p->at++;
		}
	}
	*p->to++ = '\0';
	return MCPSESS_OK;
}

static int take_scheme(struct parser *p, struct mcpsess_uri *out)
{
	size_t len = strcspn(p->at, ":");
	if (*p->at == '\0') {
		return mcpsess_fail(p->err, MCPSESS_E_INVALID, 0,
			"the store URI is empty; for sessions in this process write memory:");
	}
	int sound = mcpsess_scheme_is_sound(mcpsess_mem(p->at, len));
	if (p->at[len] == '\0') {
		return mcpsess_fail(p->err, MCPSESS_E_INVALID, 0,
			"the store URI%s%s%s has no scheme; write for instance memory:",
			sound ? " \"" : "", sound ? p->at : "", sound ? "\"" : "");
	}
	if (!sound) {
		return mcpsess_fail(p->err, MCPSESS_E_INVALID, 0,
			"what stands before the first colon of the store URI is no scheme: at most "
			"%d "
			"of a-z, 0-9, '+', '-' and '.', a letter first",
			MCPSESS_SCHEME_MAX);
	}
	memcpy(out->scheme, p->at, len);
	out->scheme[len] = '\0';
	p->at += len + 1;
	return MCPSESS_OK;
}

static int take_parameter(struct parser *p, struct mcpsess_uri *out)
{
	if (out->parameter_count == MCPSESS_URI_PARAMETERS) {
		return mcpsess_fail(p->err, MCPSESS_E_INVALID, 0,
			"the store URI has more than %d parameters", MCPSESS_URI_PARAMETERS);
	}
	struct mcpsess_backend_parameter *parameter = &out->parameters[out->parameter_count];
	int r = take(p, "=&", 1, &parameter->name);
	if (r == MCPSESS_OK && (*p->at != '=' || parameter->name[0] == '\0')) {
		char quoted[48];
		return mcpsess_fail(p->err, MCPSESS_E_INVALID, 0,
			"parameter \"%s\" of the store URI is not written name=value",
			mcpsess_uri_quote(parameter->name, quoted));
	}
	if (r == MCPSESS_OK) {
		p->at++;
		r = take(p, "&", 1, &parameter->value);
	}
	out->parameter_count += r == MCPSESS_OK;
	return r;
}

int mcpsess_uri_parse(const char *uri, struct mcpsess_uri *out, struct mcpsess_error *err)
{
	struct parser p = { .start = uri, .at = uri, .to = out->text, .err = err };
	out->authority = out->path = "";
	out->parameter_count = 0;
	if (strnlen(uri, MCPSESS_URI_MAX + 1) > MCPSESS_URI_MAX) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0,
			"the store URI is longer than %d characters", MCPSESS_URI_MAX);
	}
	int r = take_scheme(&p, out);
	if (r == MCPSESS_OK && strncmp(p.at, "//", 2) == 0) {
		p.at += 2;
		r = take(&p, "/?", 0, &out->authority);
	}
	if (r == MCPSESS_OK) {
		r = take(&p, "?", 1, &out->path);
	}
	/* A lone ? at the end is fine; after that every & begins another parameter. */
	int more = r == MCPSESS_OK && *p.at == '?' && p.at[1] != '\0';
	while (r == MCPSESS_OK && more) {
		p.at++;
		r = take_parameter(&p, out);
		more = *p.at == '&';
	}
	return r;
}
