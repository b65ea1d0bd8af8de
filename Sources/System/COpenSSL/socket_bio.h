// A BIO (BIO_meth_new(3)) over a socket that does not block. OpenSSL's own does not tell whether the socket held less than was
// asked of it, after which an edge-triggered epoll tells of whatever comes; without that each request costs a read in vain.
#ifndef MOTCUA_COPENSSL_SOCKET_BIO_H
#define MOTCUA_COPENSSL_SOCKET_BIO_H

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <sys/socket.h>

// In the callback's argument, which this BIO has no other use for.
static inline int copenssl_found_less(BIO *bio) { return BIO_get_callback_arg(bio) != NULL; }

// Before a call that may be served from what OpenSSL holds, without a read.
static inline void copenssl_forget_found(BIO *bio) { BIO_set_callback_arg(bio, NULL); }

static inline int copenssl_socket_of(BIO *bio) { return (int)(intptr_t)BIO_get_data(bio); }

static inline int copenssl_socket_read(BIO *bio, char *bytes, size_t capacity, size_t *count) {
    ssize_t received;
    do {
        received = recv(copenssl_socket_of(bio), bytes, capacity, 0);
    } while (received < 0 && errno == EINTR);
    BIO_clear_retry_flags(bio);
    BIO_set_callback_arg(bio, received < (ssize_t)capacity ? (char *)bio : NULL);
    if (received > 0) {
        *count = (size_t)received;
        return 1;
    }
    *count = 0;
    if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    if (received < 0 && errno == EAGAIN) BIO_set_retry_read(bio);
    return received < 0 ? -1 : 0;
}

static inline int copenssl_socket_write(BIO *bio, const char *bytes, size_t wanted, size_t *count) {
    ssize_t sent;
    do {
        sent = send(copenssl_socket_of(bio), bytes, wanted, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    BIO_clear_retry_flags(bio);
    *count = sent > 0 ? (size_t)sent : 0;
    if (sent >= 0) return 1;
    if (errno == EAGAIN) BIO_set_retry_write(bio);
    return -1;
}

static inline long copenssl_socket_control(BIO *bio, int command, long number, void *pointer) {
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    // Nothing is kept back here; all else, kernel TLS among it, this BIO cannot do.
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

// NULL when memory lacks.
static inline BIO_METHOD *copenssl_socket_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (method == NULL) return NULL;
    BIO_meth_set_read_ex(method, copenssl_socket_read);
    BIO_meth_set_write_ex(method, copenssl_socket_write);
    BIO_meth_set_ctrl(method, copenssl_socket_control);
    return method;
}

// Gives `session` a BIO over `socket`, which stays the caller's to close; 1 when done.
static inline int copenssl_set_socket(SSL *session, const BIO_METHOD *method, int socket) {
    BIO *bio = BIO_new(method);
    if (bio == NULL) return 0;
    BIO_set_data(bio, (void *)(intptr_t)socket);
    BIO_set_init(bio, 1);
    SSL_set_bio(session, bio, bio);
    return 1;
}

#endif
