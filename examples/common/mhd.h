/* What every host over libmicrohttpd needs. */
#ifndef EXAMPLES_MHD_H
#define EXAMPLES_MHD_H

#include <microhttpd.h>

#include <mcpsess/http.h>

/* A mcpsess_http_header_fn over a struct MHD_Connection. */
int mhd_header(void *connection, const char *name, struct mcpsess_bytes *value);

/* The exchange's answer as a response, to be destroyed. It ends before the exchange; NULL: no
 * memory. */
struct MHD_Response *mhd_response(struct mcpsess_http_exchange *exchange);

#endif
