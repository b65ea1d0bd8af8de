/* Opens TLS connections one after another on several threads, each with one request, and counts them.
   tls-connections PORT PATH SECONDS THREADS full|resumed
   Prints: connections, resumed connections, failures, seconds. "resumed" offers the newest session of the same thread. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char request[512];
static const size_t body_length = 1024;
static struct sockaddr_in address;
static double deadline;
static int resumes;

struct counts { long done, resumed, failed; SSL_SESSION *session; };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int keep_session(SSL *tls, SSL_SESSION *session) {
    struct counts *counts = SSL_get_app_data(tls);
    SSL_SESSION_free(counts->session);
    counts->session = session;
    return 1;
}

/* 1 when the whole answer came: status 200 and 1 024 bytes after the head. */
static int exchange(SSL *tls) {
    char answer[8192];
    size_t length = 0;
    if (SSL_write(tls, request, (int)strlen(request)) <= 0) return 0;
    for (;;) {
        answer[length] = 0;
        char *end = strstr(answer, "\r\n\r\n");
        if (end && length == (size_t)(end + 4 - answer) + body_length) break;
        int count = SSL_read(tls, answer + length, (int)(sizeof answer - 1 - length));
        if (count <= 0) return 0;
        length += (size_t)count;
    }
    return strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

static void connect_once(SSL_CTX *context, struct counts *counts) {
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL *tls = SSL_new(context);
    SSL_set_app_data(tls, counts);
    SSL_set_fd(tls, descriptor);
    if (resumes && counts->session) SSL_set_session(tls, counts->session);
    int offered = resumes && counts->session;
    int good = connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0 && SSL_connect(tls) == 1 && exchange(tls);
    if (!good) counts->failed++;
    else if (!resumes || offered) { /* The first of a thread has nothing to resume: it is not counted. */
        counts->done++;
        counts->resumed += SSL_session_reused(tls);
    }
    SSL_shutdown(tls);
    SSL_free(tls);
    close(descriptor);
}

static void *work(void *argument) {
    struct counts *counts = argument;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(context, resumes ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
    SSL_CTX_sess_set_new_cb(context, keep_session);
    while (now() < deadline && counts->failed < 10) connect_once(context, counts);
    SSL_SESSION_free(counts->session);
    SSL_CTX_free(context);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 6) return fprintf(stderr, "usage: tls-connections PORT PATH SECONDS THREADS full|resumed\n"), 2;
    signal(SIGPIPE, SIG_IGN);
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)atoi(arguments[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", arguments[2]);
    resumes = strcmp(arguments[5], "resumed") == 0;
    double start = now();
    deadline = start + atof(arguments[3]);
    int threads = atoi(arguments[4]);
    if (threads < 1 || threads > 64) return 2;
    struct counts counts[64] = {0}, all = {0};
    pthread_t ids[64];
    for (int i = 0; i < threads; i++) if (pthread_create(&ids[i], NULL, work, &counts[i])) return 1;
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        all.done += counts[i].done;
        all.resumed += counts[i].resumed;
        all.failed += counts[i].failed;
    }
    printf("%ld %ld %ld %.6f\n", all.done, all.resumed, all.failed, now() - start);
    return 0;
}
