#include "store/words.h"

#include <string.h>

/* The next word; empty at the end. *words is moved behind it. */
static struct mcpsess_bytes next_word(const char **words)
{
	const char *at = *words + strspn(*words, " ");
	size_t len = strcspn(at, " ");
	*words = at + len;
	return mcpsess_mem(at, len);
}

int mcpsess_words_hold(const char *words, const char *word)
{
	struct mcpsess_bytes one = next_word(&words);
	while (one.len > 0 && !mcpsess_bytes_equal(one, mcpsess_str(word))) {
		one = next_word(&words);
	}
	return one.len > 0;
}

/* -- what was meant -------------------------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters are wrong, missing, too many, or in the place of the next. */
static size_t distance(struct mcpsess_bytes a, struct mcpsess_bytes b)
{
	size_t rows[3][MCPSESS_WORD_MAX + 1];
	const char *from = a.data, *to = b.data;
	for (size_t j = 0; j <= b.len; j++) {
		rows[0][j] = j;
	}
	for (size_t i = 1; i <= a.len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			row[j] = least(above[j - 1] + (from[i - 1] != to[j - 1]),
				least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && from[i - 1] == to[j - 2] &&
				from[i - 2] == to[j - 1]) {
				row[j] = least(row[j], rows[(i + 1) % 3][j - 2] + 1);
			}
		}
	}
	return rows[a.len % 3][b.len];
}

void mcpsess_words_meant(const char *words, const char *word, struct mcpsess_meant *out)
{
	struct mcpsess_bytes said = mcpsess_str(word), one;
	size_t near = said.len < 6 ? 1 : said.len / 3;
	while (said.len <= MCPSESS_WORD_MAX && (one = next_word(&words)).len > 0) {
		size_t off = one.len <= MCPSESS_WORD_MAX ? distance(said, one) : said.len;
		if (off <= near && off < one.len && (out->word.len == 0 || off < out->off)) {
			*out = (struct mcpsess_meant){ one, off };
		}
	}
}

/* -- what fits --------------------------------------------------------------------------------- */

int mcpsess_words_append(char *out, size_t *len, size_t capacity, const char *words)
{
	struct mcpsess_bytes one;
	while ((one = next_word(&words)).len > 0) {
		size_t gap = *len > 0;
		if (*len + gap + one.len >= capacity) {
			return 0;
		}
		memcpy(out + *len, " ", gap);
		memcpy(out + *len + gap, one.data, one.len);
		*len += gap + one.len;
		out[*len] = '\0';
	}
	return 1;
}
