/* Any bytes as a store URI: the parts are strings of its own, and writing them out gives it back.
 */
#include <stdio.h>

#include "fuzz.h"
#include "store/settings.h"

static int has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			return 1;
		}
	}
	return 0;
}

/* Every part lies whole within the URI's own text. */
static void check_part(const struct mcpsess_uri *uri, const char *part)
{
	if (*part != '\0') {
		size_t at = (size_t)(part - uri->text);
		fuzz_require(at < sizeof(uri->text));
		fuzz_require(memchr(part, '\0', sizeof(uri->text) - at) != NULL);
	}
	fuzz_require(!has_control(part));
}

static void write_encoded(char **to, const char *part)
{
	for (; *part != '\0'; part++) {
		*to += sprintf(*to, "%%%02X", (unsigned)(unsigned char)*part);
	}
}

/* Every byte percent-encoded is the same URI, where there is room for it. */
static void check_round_trip(const struct mcpsess_uri *uri)
{
	static char text[4 * MCPSESS_URI_MAX];
	static struct mcpsess_uri again;
	char *to = text + sprintf(text, "%s://%s", uri->scheme, uri->authority);
	if (uri->path[0] != '\0' && uri->path[0] != '/') {
		to = text + sprintf(text, "%s:", uri->scheme);
	} else if (uri->path[0] == '/') {
		*to++ = '/';
	}
	write_encoded(&to, uri->path + (uri->path[0] == '/'));
	for (size_t i = 0; i < uri->parameter_count; i++) {
		*to++ = i > 0 ? '&' : '?';
		write_encoded(&to, uri->parameters[i].name);
		*to++ = '=';
		write_encoded(&to, uri->parameters[i].value);
	}
	*to = '\0';
	if (strlen(text) > MCPSESS_URI_MAX) {
		return;
	}
	fuzz_require(mcpsess_uri_parse(text, &again, NULL) == MCPSESS_OK);
	fuzz_require(strcmp(again.scheme, uri->scheme) == 0);
	fuzz_require(strcmp(again.path, uri->path) == 0);
	fuzz_require(again.parameter_count == uri->parameter_count);
	for (size_t i = 0; i < uri->parameter_count; i++) {
		fuzz_require(strcmp(again.parameters[i].name, uri->parameters[i].name) == 0);
		fuzz_require(strcmp(again.parameters[i].value, uri->parameters[i].value) == 0);
	}
}

static void check_settings(struct mcpsess_uri *uri)
{
	static const struct mcpsess_backend backend = {
		.size = sizeof(backend),
		.parameters = "a b prefix",
	};
	struct mcp_session_store_options settings;
	struct mcpsess_error err = { 0 };
	if (mcpsess_settings_resolve(NULL, &backend, uri, &settings, &err) < 0) {
		fuzz_require(err.status == MCPSESS_E_INVALID && !has_control(err.text));
		return;
	}
	fuzz_require(settings.idle_ms > 0 && settings.timeout_ms > 0 && settings.max_sessions > 0);
	fuzz_require(settings.timeout_ms <= MCPSESS_DURATION_MAX);
	fuzz_require(uri->parameter_count <= 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[2 * MCPSESS_URI_MAX];
	static struct mcpsess_uri uri;
	struct mcpsess_error err = { 0 };
	if (size >= sizeof(text)) {
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	if (mcpsess_uri_parse(text, &uri, &err) < 0) {
		fuzz_require(err.status == MCPSESS_E_INVALID && err.text[0] != '\0');
		fuzz_require(!has_control(err.text));
		return 0;
	}
	fuzz_require(mcpsess_scheme_is_sound(mcpsess_str(uri.scheme)));
	check_part(&uri, uri.authority);
	check_part(&uri, uri.path);
	for (size_t i = 0; i < uri.parameter_count; i++) {
		check_part(&uri, uri.parameters[i].name);
		check_part(&uri, uri.parameters[i].value);
		fuzz_require(uri.parameters[i].name[0] != '\0');
	}
	check_round_trip(&uri);
	check_settings(&uri);
	return 0;
}
