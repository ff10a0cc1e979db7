#include "out.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <mcpsess/store.h>

static void put_text(FILE *file, struct mcpsess_bytes text)
{
	const unsigned char *at = text.data;
	putc('"', file);
	for (size_t i = 0; i < text.len; i++) {
		if (at[i] == '"' || at[i] == '\\') {
			fprintf(file, "\\%c", at[i]);
		} else if (at[i] < 0x20) {
			fprintf(file, "\\u%04x", at[i]);
		} else {
			putc(at[i], file);
		}
	}
	putc('"', file);
}

static void put_name(struct json *json, const char *name)
{
	if (json->follows) {
		putc(',', json->file);
	}
	if (name != NULL) {
		put_text(json->file, mcpsess_str(name));
		putc(':', json->file);
	}
	json->follows = 1;
}

void json_begin(struct json *json, const char *name, char bracket)
{
	put_name(json, name);
	putc(bracket, json->file);
	json->follows = 0;
}

void json_end(struct json *json, char bracket)
{
	putc(bracket, json->file);
	json->follows = 1;
}

void json_text(struct json *json, const char *name, struct mcpsess_bytes text)
{
	put_name(json, name);
	put_text(json->file, text);
}

void json_number(struct json *json, const char *name, uint64_t number)
{
	put_name(json, name);
	fprintf(json->file, "%" PRIu64, number);
}

void json_real(struct json *json, const char *name, double number)
{
	put_name(json, name);
	fprintf(json->file, "%.3f", number);
}

void json_true(struct json *json, const char *name, int is_true)
{
	put_name(json, name);
	fputs(is_true ? "true" : "false", json->file);
}

void json_null(struct json *json, const char *name)
{
	put_name(json, name);
	fputs("null", json->file);
}

void json_raw(struct json *json, const char *name, struct mcpsess_bytes text)
{
	put_name(json, name);
	fwrite(text.data, 1, text.len, json->file);
}

void json_time(struct json *json, const char *name, uint64_t ms)
{
	if (ms == 0) {
		json_null(json, name);
	} else {
		json_number(json, name, ms);
	}
}

void out_clean(FILE *file, struct mcpsess_bytes text)
{
	const unsigned char *at = text.data;
	for (size_t i = 0; i < text.len; i++) {
		/* The controls of ISO 8859 are two bytes in UTF-8, and terminals know them too. */
		int is_c1 = at[i] == 0xc2 && i + 1 < text.len && at[i + 1] < 0xa0;
		putc(at[i] < 0x20 || at[i] == 0x7f || is_c1 ? '?' : at[i], file);
		i += is_c1;
	}
}

void out_quoted(FILE *file, const char *word)
{
	putc('\'', file);
	for (; *word != '\0'; word++) {
		if (*word == '\'') {
			fputs("'\\'", file);
		}
		putc(*word, file);
	}
	putc('\'', file);
}

const char *out_span(uint64_t ms, char out[24])
{
	static const struct {
		uint64_t ms;
		char unit;
	} units[] = { { 86400000, 'd' }, { 3600000, 'h' }, { 60000, 'm' }, { 1000, 's' } };
	size_t i = 0;
	while (i < 3 && ms < 2 * units[i].ms) {
		i++;
	}
	snprintf(out, 24, "%" PRIu64 "%c", ms / units[i].ms, units[i].unit);
	return out;
}

const char *out_size(uint64_t bytes, char out[24])
{
	static const char units[] = "KMGT";
	double size = (double)bytes / 1024;
	size_t i = 0;
	if (bytes < 1024) {
		snprintf(out, 24, "%" PRIu64, bytes);
		return out;
	}
	while (size >= 1024 && i < 3) {
		size /= 1024;
		i++;
	}
	snprintf(out, 24, "%.1f%c", size, units[i]);
	return out;
}

const char *out_left(uint64_t until_ms, uint64_t now_ms, char out[24])
{
	if (until_ms == 0) {
		return "never";
	}
	return out_span(until_ms > now_ms ? until_ms - now_ms : 0, out);
}

const char *out_time(uint64_t ms, char out[24])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm broken;
	if (ms == 0 || gmtime_r(&seconds, &broken) == NULL) {
		return "never";
	}
	strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &broken);
	return out;
}

static const char *one_of(const char *const *names, size_t count, uint32_t which)
{
	return which < count ? names[which] : "other";
}

const char *out_state(uint32_t state)
{
	static const char *const names[] = { "initializing", "active", "closed" };
	return one_of(names, 3, state);
}

const char *out_kind(uint32_t kind)
{
	static const char *const names[] = { "session", "data-session", "handle", "task" };
	return one_of(names, 4, kind);
}
