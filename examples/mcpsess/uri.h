/* The store's URI, changed for a purpose. */
#ifndef EXAMPLES_MCPSESS_URI_H
#define EXAMPLES_MCPSESS_URI_H

/* 1 when the URI's scheme is the word, or begins with it and goes on with '+': redis+unix. */
int uri_is(const char *uri, const char *scheme);

/*
 * The same server in a namespace of its own, without the durations and caps, which the one who
 * asked varies: free() it. name is how people find that namespace, "" where there is none; NULL
 * when the scheme is unknown here, and then the URI is as it was.
 */
char *uri_private(const char *uri, const char **name);

/* The same with its schema created at need: free() it. */
char *uri_creating(const char *uri);

/* The private one of Postgres with its schema dropped by the first verb: free() it. */
char *uri_dropping(const char *uri);

/* The value of a parameter of a URI that is sound, to be freed; NULL when it is not there. */
char *uri_value(const char *uri, const char *parameter);

#endif
