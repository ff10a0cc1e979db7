#include <mcpsess/error.h>

#include "redis.h"

enum { HEAD_MAX = 32 };

static char *put_end(char *to)
{
	*to++ = '\r';
	*to++ = '\n';
	return to;
}

char *mcpsess_redis_put_number(char *to, uint64_t number)
{
	char digits[24], *digit = digits + sizeof(digits);
	do {
		*--digit = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	size_t len = (size_t)(digits + sizeof(digits) - digit);
	memcpy(to, digit, len);
	return to + len;
}

/* The head of a command or an argument: "$12\r\n". */
static char *put_head(char *to, char kind, size_t number)
{
	*to++ = kind;
	return put_end(mcpsess_redis_put_number(to, number));
}

/* Not by hiredis: it prints and copies, which was half of what a verb cost here. */
int mcpsess_redis_conn_append(
	struct redis_conn *conn, int argc, const char **argv, const size_t *lens, uint64_t *end)
{
	size_t most = HEAD_MAX;
	for (int i = 0; i < argc; i++) {
		most += HEAD_MAX + lens[i];
	}
	if (mcpsess_redis_buffer_reserve(&conn->out, &conn->redis->store, most) < 0) {
		return MCPSESS_E_NOMEM;
	}
	char *at = put_head(conn->out.data + conn->out.end, '*', (size_t)argc);
	for (int i = 0; i < argc; i++) {
		at = put_head(at, '$', lens[i]);
		memcpy(at, argv[i], lens[i]);
		at = put_end(at + lens[i]);
	}
	conn->out.end = (size_t)(at - conn->out.data);
	*end = conn->written + mcpsess_redis_buffer_len(&conn->out);
	return MCPSESS_OK;
}
