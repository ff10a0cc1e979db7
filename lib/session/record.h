/*
 * The encoded record: what a session is to a store. The one place that knows the encoding.
 *
 *     record: "MS", format (1 byte), members
 *     member: tag (1 byte), length (varint), that many bytes
 *     varint: seven bits a byte, lowest first, the high bit on all but the last, shortest form
 *
 * Members stand in rising order of their tags, the protocol version first, so equal content is
 * equal bytes. A release keeps the members it does not know; those with tags below 16 it must not
 * ignore, and refuses the record. The format rises only when an older release could not even keep
 * what it finds. Damage is CORRUPT; what only a newer release can read is UNSUPPORTED.
 *
 * Reading allocates nothing, but for the check of long records.
 */
#ifndef MCPSESS_SESSION_RECORD_H
#define MCPSESS_SESSION_RECORD_H

#include "base/buffer.h"

/* How far this release can read; a test of upgrades makes later ones, which can read more. */
#ifndef MCPSESS_RECORD_FORMAT
#define MCPSESS_RECORD_FORMAT 1
#endif
#ifndef MCPSESS_TAG_CRITICAL_KNOWN
#define MCPSESS_TAG_CRITICAL_KNOWN MCPSESS_TAG_VERSION
#endif

enum { MCPSESS_KEY_MAX = 256 };

/* Of a member; a number is never used again for something else. */
enum mcpsess_tag {
	MCPSESS_TAG_VERSION = 1, /* the protocol's; in every record */
	MCPSESS_TAG_CRITICAL_END = 16,
	MCPSESS_TAG_CLIENT_INFO = 16,         /* JSON */
	MCPSESS_TAG_CLIENT_CAPABILITIES = 17, /* JSON */
	MCPSESS_TAG_LOG_LEVEL = 18,
	MCPSESS_TAG_SUBSCRIPTION = 19, /* any number, in order: the URI is the key */
	MCPSESS_TAG_DATA = 20,         /* any number, in order: key's length, key, JSON */
	MCPSESS_TAG_BLOB = 21,
	MCPSESS_TAG_KNOWN_END,
};

/* Of a member that must not be ignored, and that only a newer release knows. */
static inline int mcpsess_tag_is_beyond(unsigned tag)
{
	return tag > MCPSESS_TAG_CRITICAL_KNOWN && tag < MCPSESS_TAG_CRITICAL_END;
}

/* A member where it stands. key is empty unless the tag may come more than once. */
struct mcpsess_member {
	unsigned tag;
	size_t at, end;
	struct mcpsess_bytes key;
	struct mcpsess_bytes value;
};

/* An encoded record and what is known about it. */
struct mcpsess_record {
	struct mcpsess_bytes bytes;
	int status;                           /* of the check; MCPSESS_PENDING: not checked yet */
	size_t counts[MCPSESS_TAG_KNOWN_END]; /* members of each tag, once checked */
	/* The member looked at last: a walk by index costs one step each. */
	unsigned mark_tag;
	size_t mark_index, mark_at;
};

/* Look at other bytes, unchecked. */
void mcpsess_record_see(struct mcpsess_record *record, struct mcpsess_bytes bytes);

/* Look at other bytes, checked but for keys that come twice: of our own making, or in a hurry. */
int mcpsess_record_trust(struct mcpsess_record *record, struct mcpsess_bytes bytes);

/* What every message needs, at a glance: OK and the protocol version, CORRUPT or UNSUPPORTED. */
int mcpsess_record_version(struct mcpsess_bytes bytes, struct mcpsess_bytes *version);

/* Check the structure, once: OK, CORRUPT, UNSUPPORTED. Not whether JSON is JSON. */
int mcpsess_record_check(struct mcpsess_record *record, const struct mcpsess_env *env);

/* Of a checked record: OK or NOTFOUND. */
int mcpsess_record_find(struct mcpsess_record *record, unsigned tag, struct mcpsess_bytes key,
	struct mcpsess_member *out);
int mcpsess_record_at(
	struct mcpsess_record *record, unsigned tag, size_t index, struct mcpsess_member *out);

/* 1 for 1 to 256 bytes of UTF-8 without control characters. */
int mcpsess_key_is_sound(struct mcpsess_bytes key);

/* -- writing: buffer holds a checked record ------------------------------------------------- */

/* Begin a record in an empty buffer. OK or NOMEM. */
int mcpsess_record_begin(struct mcpsess_buffer *buffer, struct mcpsess_bytes version);

/*
 * Set a member: in the place where it stands, else behind the others of its tag. TOOBIG: the
 * record would grow past limit; NOMEM; then nothing has changed. value may not be in the buffer.
 */
int mcpsess_record_put(struct mcpsess_buffer *buffer, size_t limit, unsigned tag,
	struct mcpsess_bytes key, struct mcpsess_bytes value);
void mcpsess_record_drop(struct mcpsess_buffer *buffer, unsigned tag, struct mcpsess_bytes key);

/* The next member at *at, which moves behind it: 1, 0 at the end, or CORRUPT. */
int mcpsess_record_next(struct mcpsess_bytes bytes, size_t *at, struct mcpsess_member *out);
/* Where the first member is. */
enum { MCPSESS_RECORD_FIRST = 3 };

#endif
