#include "store/settings.h"

#include <stdio.h>

#include "base/env.h"
#include "store/keyring.h"
#include "store/password.h"
#include "store/words.h"

enum { TAKES_NONE = 1, TAKES_ZERO = 2, IS_COUNT = 4 };

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const struct common {
	const char *name;
	size_t offset;
	uint64_t normal;
	unsigned takes;
} commons[] = {
#define COMMON(name, member, normal, takes) \
	{ \
#name, offsetof(struct mcp_session_store_options, member), normal, takes \
	}
	COMMON(idle, idle_ms, 5 * MINUTE, TAKES_NONE),
	COMMON(absolute, absolute_ms, DAY, TAKES_NONE),
	COMMON(tombstone, tombstone_ms, MINUTE, TAKES_NONE | TAKES_ZERO),
	COMMON(touch_every, touch_every_ms, 0, TAKES_NONE | TAKES_ZERO), /* by idle */
	COMMON(max_sessions, max_sessions, 100000, TAKES_NONE | IS_COUNT),
	COMMON(max_sessions_per_owner, max_sessions_per_owner, MCP_SESSION_STORE_NONE,
		TAKES_NONE | IS_COUNT),
	COMMON(connect_timeout, connect_timeout_ms, 2 * SECOND, 0),
	COMMON(timeout, timeout_ms, SECOND, 0),
	COMMON(probe_every, probe_every_ms, SECOND, 0),
#undef COMMON
};

enum { COMMON_COUNT = sizeof(commons) / sizeof(commons[0]) };

static uint64_t *member(struct mcp_session_store_options *settings, const struct common *common)
{
	return (uint64_t *)(void *)((char *)settings + common->offset);
}

static const struct common *common_named(const char *name)
{
	for (size_t i = 0; i < COMMON_COUNT; i++) {
		if (strcmp(commons[i].name, name) == 0) {
			return &commons[i];
		}
	}
	return NULL;
}

static uint64_t unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", SECOND }, { "m", MINUTE }, { "h", HOUR }, { "d", DAY } };
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].name, unit) == 0) {
			return units[i].ms;
		}
	}
	return 0;
}

/* Digits at the front of text, and what follows them. Beyond 15 digits it is not one of ours. */
static int digits(const char *text, uint64_t *out, const char **rest)
{
	size_t len = strspn(text, "0123456789");
	if (len == 0 || len > 15) {
		return MCPSESS_E_INVALID;
	}
	*out = 0;
	for (size_t i = 0; i < len; i++) {
		*out = *out * 10 + (uint64_t)(text[i] - '0');
	}
	*rest = text + len;
	return MCPSESS_OK;
}

/* The value of a duration or a count; 0 stands for zero as it is written. */
static int parse_value(const char *text, unsigned takes, uint64_t *out)
{
	uint64_t value = 0;
	const char *rest = "";
	if (strcmp(text, "none") == 0) {
		*out = MCP_SESSION_STORE_NONE;
		return takes & TAKES_NONE ? MCPSESS_OK : MCPSESS_E_INVALID;
	}
	if (digits(text, &value, &rest) < 0) {
		return MCPSESS_E_INVALID;
	}
	if (takes & IS_COUNT) {
		*out = value;
		return value > 0 && *rest == '\0' ? MCPSESS_OK : MCPSESS_E_INVALID;
	}
	uint64_t unit = unit_ms(rest);
	if (value == 0) {
		*out = 0;
		return takes & TAKES_ZERO && (unit > 0 || *rest == '\0') ? MCPSESS_OK
									 : MCPSESS_E_INVALID;
	}
	if (unit == 0 || value > MCPSESS_DURATION_MAX / unit) {
		return MCPSESS_E_INVALID;
	}
	*out = value * unit;
	return MCPSESS_OK;
}

static int set_from_uri(const struct common *common, const char *value,
	struct mcp_session_store_options *out, struct mcpsess_error *err)
{
	uint64_t parsed;
	if (parse_value(value, common->takes, &parsed) == MCPSESS_OK) {
		*member(out, common) = parsed > 0 ? parsed : MCP_SESSION_STORE_NONE;
		return MCPSESS_OK;
	}
	char quoted[48];
	const char *wanted = common->takes & IS_COUNT
				     ? "a number from 1 up"
				     : "a duration up to 36500d, as in 500ms, 30s, "
				       "5m, 12h or 1d";
	return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "%s=%s: not %s%s%s", common->name,
		mcpsess_uri_quote(value, quoted), wanted, common->takes & TAKES_ZERO ? ", 0" : "",
		common->takes & TAKES_NONE ? ", or none" : "");
}

/* A descriptor may be of a time that had no such member. */
static int touches_are_free(const struct mcpsess_backend *backend)
{
	return backend->size > offsetof(struct mcpsess_backend, touches_are_free) &&
	       backend->touches_are_free;
}

/* What every store like this one knows. */
static void list_commons(const struct mcpsess_backend *backend, char *out, size_t capacity)
{
	size_t len = 0;
	for (size_t i = 0; i < COMMON_COUNT; i++) {
		mcpsess_words_append(out, &len, capacity, commons[i].name);
	}
	mcpsess_words_append(out, &len, capacity,
		touches_are_free(backend) ? "seal_keys_file"
					  : "password_env password_file seal_keys_file");
}

/* Whether all of them fit. */
static int list_known(char *out, size_t capacity, const char *own, const char *common)
{
	size_t len = 0;
	out[0] = '\0';
	return mcpsess_words_append(out, &len, capacity, own) &&
	       mcpsess_words_append(out, &len, capacity, common);
}

static int refuse_parameter(const char *name, const char *why, const char *meant,
	const struct mcpsess_backend *backend, const char *common, struct mcpsess_error *err)
{
	static const char more[] = ", and more: see the README";
	char quoted[48], head[160], known[sizeof(err->text)];
	snprintf(head, sizeof(head), "parameter \"%s\" %s%s known are ",
		mcpsess_uri_quote(name, quoted), why, meant);
	size_t room = sizeof(known) - strlen(head);
	int whole = list_known(known, room, backend->parameters, common);
	if (!whole) {
		list_known(known, room - strlen(more), backend->parameters, common);
	}
	return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "%s%s%s", head, known, whole ? "" : more);
}

static int refuse_unknown(
	const char *name, const struct mcpsess_backend *backend, struct mcpsess_error *err)
{
	struct mcpsess_meant meant = { 0 };
	char common[256], text[MCPSESS_WORD_MAX + 20] = ";";
	list_commons(backend, common, sizeof(common));
	mcpsess_words_meant(backend->parameters, name, &meant);
	mcpsess_words_meant(common, name, &meant);
	if (meant.word.len > 0) {
		snprintf(text, sizeof(text), ", did you mean %.*s?", (int)meant.word.len,
			(const char *)meant.word.data);
	}
	return refuse_parameter(name, "is unknown", text, backend, common, err);
}

static int refuse_twice(
	const char *name, const struct mcpsess_backend *backend, struct mcpsess_error *err)
{
	char common[256];
	list_commons(backend, common, sizeof(common));
	return refuse_parameter(name, "is given twice", ";", backend, common, err);
}

static int check_parameters(const struct mcpsess_uri *uri, const struct mcpsess_backend *backend,
	struct mcpsess_error *err)
{
	for (size_t i = 0; i < uri->parameter_count; i++) {
		const char *name = uri->parameters[i].name;
		int is_password = !touches_are_free(backend) && mcpsess_password_parameter(name);
		if (common_named(name) == NULL && !is_password &&
			!mcpsess_keyring_parameter(name) &&
			!mcpsess_words_hold(backend->parameters, name)) {
			return refuse_unknown(name, backend, err);
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(uri->parameters[j].name, name) == 0) {
				return refuse_twice(name, backend, err);
			}
		}
	}
	return MCPSESS_OK;
}

static int take_options(const struct mcp_session_store_options *options,
	struct mcp_session_store_options *out, struct mcpsess_error *err)
{
	size_t known = sizeof(*out);
	memset(out, 0, known);
	if (options != NULL) {
		if (options->size == 0) {
			return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "options.size is not set");
		}
		memcpy(out, options, options->size < known ? options->size : known);
	}
	out->size = known;
	for (size_t i = 0; i < COMMON_COUNT; i++) {
		uint64_t value = *member(out, &commons[i]);
		int none = value == MCP_SESSION_STORE_NONE;
		int is_count = (commons[i].takes & IS_COUNT) != 0;
		if (none ? !(commons[i].takes & TAKES_NONE)
			 : !is_count && value > MCPSESS_DURATION_MAX) {
			return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "options.%s_ms is %s",
				commons[i].name, none ? "none" : "longer than 36500 days");
		}
	}
	return MCPSESS_OK;
}

/* Each touch costs a remote store a write, so they are throttled where nobody said otherwise. */
static uint64_t touch_every(
	const struct mcp_session_store_options *settings, const struct mcpsess_backend *backend)
{
	if (settings->touch_every_ms == MCP_SESSION_STORE_NONE) {
		return 0;
	}
	if (settings->touch_every_ms != 0) {
		return settings->touch_every_ms;
	}
	if (touches_are_free(backend)) {
		return 0;
	}
	uint64_t tenth = settings->idle_ms / 10;
	return tenth < 30 * SECOND ? tenth : 30 * SECOND;
}

int mcpsess_settings_resolve(const struct mcp_session_store_options *options,
	const struct mcpsess_backend *backend, struct mcpsess_uri *uri,
	struct mcp_session_store_options *out, struct mcpsess_error *err)
{
	int r = take_options(options, out, err);
	if (r == MCPSESS_OK) {
		r = check_parameters(uri, backend, err);
	}
	size_t kept = 0;
	for (size_t i = 0; r == MCPSESS_OK && i < uri->parameter_count; i++) {
		const struct common *common = common_named(uri->parameters[i].name);
		if (common != NULL) {
			r = set_from_uri(common, uri->parameters[i].value, out, err);
		} else {
			uri->parameters[kept++] = uri->parameters[i];
		}
	}
	if (r < 0) {
		return r;
	}
	uri->parameter_count = kept;
	for (size_t i = 0; i < COMMON_COUNT; i++) {
		uint64_t *value = member(out, &commons[i]);
		*value = *value != 0 ? *value : commons[i].normal;
	}
	out->touch_every_ms = touch_every(out, backend);
	out->seal_keys_file = NULL;
	out->module_dir = NULL;
	out->hooks = NULL;
	return MCPSESS_OK;
}
