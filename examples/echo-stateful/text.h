/* Text that grows. A failure is remembered, so that a whole text is built and checked once. */
#ifndef ECHO_TEXT_H
#define ECHO_TEXT_H

#include <mcpsess/types.h>

/* Zero it; free data when done. */
struct text {
	char *data;
	size_t len, capacity;
	int failed; /* an append had no memory: the content is useless */
};

void text_bytes(struct text *text, struct mcpsess_bytes bytes);
__attribute__((format(printf, 2, 3))) void text_print(struct text *text, const char *format, ...);

/* The inside of a JSON string: escaped, without the quotes. */
void text_escaped(struct text *text, struct mcpsess_bytes bytes);

#endif
