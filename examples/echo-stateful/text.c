#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void text_bytes(struct text *text, struct mcpsess_bytes bytes)
{
	size_t need = text->len + bytes.len;
	if (need > text->capacity && !text->failed) {
		size_t capacity = need + need / 2 + 256;
		char *data = realloc(text->data, capacity);
		text->failed = data == NULL;
		if (data != NULL) {
			text->data = data;
			text->capacity = capacity;
		}
	}
	if (bytes.len > 0 && !text->failed) {
		memcpy(text->data + text->len, bytes.data, bytes.len);
		text->len = need;
	}
}

void text_print(struct text *text, const char *format, ...)
{
	char line[512];
	va_list values;
	va_start(values, format);
	int len = vsnprintf(line, sizeof(line), format, values);
	va_end(values);
	text->failed |= len < 0 || (size_t)len >= sizeof(line);
	text_bytes(text, mcpsess_str(line));
}

void text_escaped(struct text *text, struct mcpsess_bytes bytes)
{
	const char *at = bytes.data;
	size_t plain = 0; /* where the bytes begin that need no escape and are not copied yet */
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)at[i];
		if (c >= 0x20 && c != '"' && c != '\\') {
			continue;
		}
		text_bytes(text, mcpsess_mem(at + plain, i - plain));
		if (c == '\n') {
			text_bytes(text, mcpsess_str("\\n"));
		} else {
			text_print(text, c < 0x20 ? "\\u%04x" : "\\%c", c);
		}
		plain = i + 1;
	}
	if (plain < bytes.len) {
		text_bytes(text, mcpsess_mem(at + plain, bytes.len - plain));
	}
}
