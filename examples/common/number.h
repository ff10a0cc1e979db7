/* Numbers as they are given on command lines and in the environment. */
#ifndef EXAMPLES_NUMBER_H
#define EXAMPLES_NUMBER_H

#include <errno.h>
#include <stdlib.h>

/* Digits and nothing else, from min to max: 0; -1: it is something else. */
static inline int number_read(
	const char *text, unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;
	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < min ||
		number > max) {
		return -1;
	}
	*out = number;
	return 0;
}

#endif
