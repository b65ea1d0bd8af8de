#include "ccurl.h"

#include <dlfcn.h>
#include <pthread.h>

// The functions by their types in curl.h, so that the compiler checks every call.
static struct {
    __typeof__(&curl_global_init) global_init;
    __typeof__(&curl_easy_init) init;
    __typeof__(&curl_easy_cleanup) cleanup;
    __typeof__(&curl_easy_setopt) setopt;
    __typeof__(&curl_easy_getinfo) getinfo;
    __typeof__(&curl_easy_perform) perform;
    __typeof__(&curl_easy_strerror) strerror;
    __typeof__(&curl_slist_append) append;
    __typeof__(&curl_slist_free_all) free_all;
} curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_open = false;

static bool find(void *library, const char *name, void **place) {
    *place = dlsym(library, name);
    return *place != NULL;
}

static void open_library(void) {
    // The number is that of the headers' interface (LIBCURL's soname since 7.16).
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return;
    is_open = find(library, "curl_global_init", (void **)&curl.global_init)
        && find(library, "curl_easy_init", (void **)&curl.init)
        && find(library, "curl_easy_cleanup", (void **)&curl.cleanup)
        && find(library, "curl_easy_setopt", (void **)&curl.setopt)
        && find(library, "curl_easy_getinfo", (void **)&curl.getinfo)
        && find(library, "curl_easy_perform", (void **)&curl.perform)
        && find(library, "curl_easy_strerror", (void **)&curl.strerror)
        && find(library, "curl_slist_append", (void **)&curl.append)
        && find(library, "curl_slist_free_all", (void **)&curl.free_all)
        && curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

bool ccurl_open(void) {
    pthread_once(&once, open_library);
    return is_open;
}

CURL *ccurl_init(void) { return curl.init(); }

void ccurl_cleanup(CURL *handle) { curl.cleanup(handle); }

CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl.setopt(handle, option, value);
}

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return curl.setopt(handle, option, value);
}

CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl.setopt(handle, option, value);
}

CURLcode ccurl_set_write_function(
    CURL *handle, size_t (*function)(char *, size_t, size_t, void *), void *context) {
    CURLcode code = curl.setopt(handle, CURLOPT_WRITEFUNCTION, function);
    return code != CURLE_OK ? code : curl.setopt(handle, CURLOPT_WRITEDATA, context);
}

CURLcode ccurl_perform(CURL *handle) { return curl.perform(handle); }

CURLcode ccurl_response_code(CURL *handle, long *status) {
    return curl.getinfo(handle, CURLINFO_RESPONSE_CODE, status);
}

const char *ccurl_reason(CURLcode code) { return curl.strerror(code); }

struct curl_slist *ccurl_append(struct curl_slist *list, const char *line) { return curl.append(list, line); }

void ccurl_free_list(struct curl_slist *list) { curl.free_all(list); }
