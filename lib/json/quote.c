#include "json/json.h"

#include "json/text.h"

static void append_control(struct mcpsess_buffer *buffer, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };
	mcpsess_buffer_append(buffer, mcpsess_mem(text, sizeof(text)));
}

static void append_escaped(struct mcpsess_buffer *buffer, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = c != '\0' ? strchr(from, c) : NULL;
	if (known == NULL) {
		append_control(buffer, c);
		return;
	}
	char text[2] = { '\\', to[known - from] };
	mcpsess_buffer_append(buffer, mcpsess_mem(text, sizeof(text)));
}

void mcpsess_json_quote(struct mcpsess_buffer *buffer, struct mcpsess_bytes text)
{
	const unsigned char *at = text.data;
	const unsigned char *end = text.len > 0 ? at + text.len : at;
	mcpsess_buffer_char(buffer, '"');
	while (at < end) {
		const unsigned char *start = at;
		size_t len = 0;
		do {
			at = mcpsess_json_plain(at + len, end);
			len = at < end && *at >= 0x80 ? mcpsess_json_utf8(at, end) : 0;
		} while (len > 0);
		mcpsess_buffer_append(buffer, mcpsess_mem(start, (size_t)(at - start)));
		if (at < end && *at >= 0x80) {
			mcpsess_buffer_text(buffer, "\xef\xbf\xbd");
			at++;
		} else if (at < end) {
			append_escaped(buffer, *at++);
		}
	}
	mcpsess_buffer_char(buffer, '"');
}
