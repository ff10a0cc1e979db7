/* Which Host and Origin headers are ours: the guard against DNS rebinding and foreign pages. */
#ifndef MCPSESS_HTTP_ORIGIN_H
#define MCPSESS_HTTP_ORIGIN_H

#include <mcpsess/error.h>

/* OK, or INVALID with the pattern in err. Lists are comma-separated; see mcpsess/http.h. */
int mcpsess_http_check_hosts(const char *hosts, struct mcpsess_error *err);
int mcpsess_http_check_origins(const char *origins, struct mcpsess_error *err);

/* Whether a Host header fits a list that was checked. */
int mcpsess_http_host_fits(const char *hosts, struct mcpsess_bytes header);
/* Whether an Origin does; origins NULL: its host must fit hosts. */
int mcpsess_http_origin_fits(const char *origins, const char *hosts, struct mcpsess_bytes header);
/* Whether it can stand in a header of ours as it is. */
int mcpsess_http_origin_is_clean(struct mcpsess_bytes header);

#endif
