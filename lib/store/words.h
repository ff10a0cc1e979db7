/* Lists of words separated by spaces: what is in them, what was meant, what of them fits. */
#ifndef MCPSESS_STORE_WORDS_H
#define MCPSESS_STORE_WORDS_H

#include <mcpsess/types.h>

enum { MCPSESS_WORD_MAX = 40 };

int mcpsess_words_hold(const char *words, const char *word);

/* A word that may have been meant, and how many letters it is off; empty: none. */
struct mcpsess_meant {
	struct mcpsess_bytes word;
	size_t off;
};
/* Put a word of the list there that is nearer to this one than what is there, and near at all. */
void mcpsess_words_meant(const char *words, const char *word, struct mcpsess_meant *out);

/*
 * Append words to out, of which *len are there, as long as they fit whole into capacity with the
 * NUL. Whether all of them did.
 */
int mcpsess_words_append(char *out, size_t *len, size_t capacity, const char *words);

#endif
