#include "store/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/base64.h"
#include "store/seal.h"

static const char parameter[] = "seal_keys_file";

enum { FILE_MAX = 65536, PADDED = MCPSESS_BASE64_LEN(MCPSESS_KEY_LEN) + 1 };

int mcpsess_keyring_parameter(const char *name)
{
	return strcmp(name, parameter) == 0;
}

int mcpsess_key_id_is_sound(struct mcpsess_bytes id)
{
	const char *at = id.data;
	for (size_t i = 0; i < id.len; i++) {
		int letter = (at[i] | 0x20) >= 'a' && (at[i] | 0x20) <= 'z';
		int digit = at[i] >= '0' && at[i] <= '9';
		if (!letter && !digit && at[i] != '.' && at[i] != '_' && at[i] != '-') {
			return 0;
		}
	}
	return id.len > 0 && id.len <= MCPSESS_KEY_ID_MAX;
}

const struct mcpsess_key *mcpsess_keyring_find(
	const struct mcpsess_keyring *ring, struct mcpsess_bytes id)
{
	for (unsigned i = 0; i < ring->count; i++) {
		if (mcpsess_bytes_equal(mcpsess_str(ring->keys[i].id), id)) {
			return &ring->keys[i];
		}
	}
	return NULL;
}

/* -- parsing -------------------------------------------------------------------------------- */

/* What comes before the next of some characters; *text is moved behind that. */
static struct mcpsess_bytes next_part(struct mcpsess_bytes *text, const char *ends)
{
	const char *at = text->data;
	size_t len = 0;
	while (len < text->len && (at[len] == '\0' || strchr(ends, at[len]) == NULL)) {
		len++;
	}
	size_t passed = len < text->len ? len + 1 : len;
	*text = mcpsess_mem(at + passed, text->len - passed);
	return mcpsess_mem(at, len);
}

/* The next word of a line; empty at its end. */
static struct mcpsess_bytes next_word(struct mcpsess_bytes *line)
{
	struct mcpsess_bytes word = { 0 };
	while (word.len == 0 && line->len > 0) {
		word = next_part(line, " \t\r");
	}
	return word;
}

static int refuse(struct mcpsess_error *err, unsigned line, const char *why)
{
	return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "%s, line %u: %s", parameter, line, why);
}

static int take_line(struct mcpsess_keyring *ring, struct mcpsess_bytes line, unsigned number,
	struct mcpsess_error *err)
{
	struct mcpsess_bytes id = next_word(&line), key = next_word(&line);
	if (id.len == 0 || *(const char *)id.data == '#') {
		return MCPSESS_OK;
	}
	if (!mcpsess_key_id_is_sound(id)) {
		return refuse(err, number, "the key id is not 1 to 16 of A-Z a-z 0-9 . _ -");
	}
	if (mcpsess_keyring_find(ring, id) != NULL) {
		return refuse(err, number, "the key id is there twice");
	}
	if (ring->count == MCPSESS_KEYS_MAX) {
		return refuse(err, number, "there are more than 64 keys");
	}
	struct mcpsess_key *to = &ring->keys[ring->count];
	/* Most tools pad. */
	key.len -= key.len == PADDED && ((const char *)key.data)[key.len - 1] == '=';
	if (next_word(&line).len > 0 ||
		mcpsess_base64_decode(key, to->bytes, sizeof(to->bytes)) < 0) {
		return refuse(err, number, "after the key id, 32 bytes in base64url are wanted");
	}
	memcpy(to->id, id.data, id.len);
	ring->count++;
	return MCPSESS_OK;
}

int mcpsess_keyring_parse(const struct mcpsess_env *env, struct mcpsess_bytes text,
	struct mcpsess_keyring **out, struct mcpsess_error *err)
{
	struct mcpsess_keyring *ring = mcpsess_alloc(env, sizeof(*ring));
	int r = MCPSESS_OK;
	if (ring == NULL) {
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "no memory for keys");
	}
	ring->env = *env;
	atomic_init(&ring->refs, 1);
	for (unsigned number = 1; r == MCPSESS_OK && text.len > 0; number++) {
		r = take_line(ring, next_part(&text, "\n"), number, err);
	}
	if (r == MCPSESS_OK && ring->count == 0) {
		r = mcpsess_fail(err, MCPSESS_E_INVALID, 0, "%s: there is no key", parameter);
	}
	if (r < 0) {
		mcpsess_keyring_unref(ring);
		return r;
	}
	*out = ring;
	return MCPSESS_OK;
}

struct mcpsess_keyring *mcpsess_keyring_ref(struct mcpsess_keyring *ring)
{
	if (ring != NULL) {
		atomic_fetch_add(&ring->refs, 1);
	}
	return ring;
}

void mcpsess_keyring_unref(struct mcpsess_keyring *ring)
{
	if (ring != NULL && atomic_fetch_sub(&ring->refs, 1) == 1) {
		struct mcpsess_env env = ring->env;
		explicit_bzero(ring->keys, sizeof(ring->keys));
		mcpsess_free(&env, ring);
	}
}

/* -- the file -------------------------------------------------------------------------------- */

/* -1: it cannot be read, or there is more than fits. */
static int read_all(int fd, char *out, size_t capacity, size_t *len)
{
	ssize_t n;
	*len = 0;
	do {
		n = read(fd, out + *len, capacity - *len);
		*len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && *len < capacity) || (n < 0 && errno == EINTR));
	return n == 0 ? 0 : -1;
}

static int read_file(const struct mcpsess_env *env, const char *path, struct mcpsess_keyring **out,
	struct mcpsess_error *err)
{
	size_t len;
	char quoted[48];
	char *text = mcpsess_realloc(env, NULL, FILE_MAX);
	if (text == NULL) {
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "no memory for keys");
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd >= 0 ? read_all(fd, text, FILE_MAX, &len) : -1;
	if (r < 0) {
		r = mcpsess_fail(err, MCPSESS_E_INVALID, errno, "%s=%s: %s", parameter,
			mcpsess_uri_quote(path, quoted),
			fd >= 0 ? "it cannot be read, or is above 64 KiB" : strerror(errno));
	} else {
		r = mcpsess_keyring_parse(env, mcpsess_mem(text, len), out, err);
	}
	if (fd >= 0) {
		close(fd);
	}
	explicit_bzero(text, FILE_MAX);
	mcpsess_free(env, text);
	return r;
}

int mcpsess_keyring_take(const struct mcpsess_env *env,
	const struct mcp_session_store_options *options, struct mcpsess_uri *uri,
	struct mcpsess_keyring **out, struct mcpsess_error *err)
{
	const char *path = NULL;
	size_t kept = 0;
	*out = NULL;
	if (options != NULL &&
		options->size >= offsetof(struct mcp_session_store_options, module_dir)) {
		path = options->seal_keys_file;
	}
	for (size_t i = 0; i < uri->parameter_count; i++) {
		if (mcpsess_keyring_parameter(uri->parameters[i].name)) {
			path = uri->parameters[i].value;
		} else {
			uri->parameters[kept++] = uri->parameters[i];
		}
	}
	uri->parameter_count = kept;
	if (path == NULL) {
		return MCPSESS_OK;
	}
	int r = mcpsess_seal_is_there(err);
	return r == MCPSESS_OK ? read_file(env, path, out, err) : r;
}
