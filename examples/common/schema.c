#include "schema.h"

#include <stdio.h>
#include <string.h>

const char *schema_created(const char *uri, char *out, unsigned capacity)
{
	const char *query = strchr(uri, '?');
	int is_postgres = strncmp(uri, "postgresql:", 11) == 0 || strncmp(uri, "postgres:", 9) == 0;
	int says = query != NULL && strstr(query, "migrate=") != NULL;
	if (!is_postgres || says || strlen(uri) + sizeof("?migrate=create") > capacity) {
		return uri;
	}
	snprintf(out, capacity, "%s%cmigrate=create", uri, query != NULL ? '&' : '?');
	return out;
}
