#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>

// libcurl's own checks are macros around variadic functions, of no use to Swift.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// libcurl brings some twenty-five further libraries: it is opened at the first call to a gateway, not at the program's
// start. Everything below but ccurl_open may only be called after ccurl_open said true.

// Opens libcurl.so.4, once, from whichever thread comes first; false where it is not installed.
bool ccurl_open(void);

CURL *ccurl_init(void);
void ccurl_cleanup(CURL *handle);
CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode ccurl_set_write_function(
    CURL *handle, size_t (*function)(char *, size_t, size_t, void *), void *context);
CURLcode ccurl_perform(CURL *handle);
CURLcode ccurl_response_code(CURL *handle, long *status);
const char *ccurl_reason(CURLcode code);
struct curl_slist *ccurl_append(struct curl_slist *list, const char *line);
void ccurl_free_list(struct curl_slist *list);

#endif
