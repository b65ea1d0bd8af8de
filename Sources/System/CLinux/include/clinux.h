// Linux calls that Swift's Glibc module does not show: epoll, accept4, eventfd, sendfile.
// No _GNU_SOURCE here: two modules would disagree on fd_set; it is defined in the .c file only.
#ifndef MOTCUA_CLINUX_H
#define MOTCUA_CLINUX_H

#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>

/// accept4(2) with SOCK_NONBLOCK | SOCK_CLOEXEC.
int clinux_accept(int listener, struct sockaddr *address, socklen_t *length);

/// epoll_ctl(2) with `token` in epoll_data.
int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token);

/// The token that epoll_wait(2) returned in `event`.
uint64_t clinux_epoll_token(const struct epoll_event *event);

/// sendmsg(2) of two pieces, without SIGPIPE.
ssize_t clinux_send_two(int socket, const void *first, size_t first_count, const void *second, size_t second_count);

/// ioctl(2) with SIOCOUTQ (tcp(7)): bytes in the send queue that the peer has not acknowledged, or -1 with errno.
int clinux_outstanding_bytes(int socket);

/// Sends `count` (1 to 253) open descriptors with `bytes` over a Unix socket (unix(7), SCM_RIGHTS). 0, or -1 with errno.
int clinux_send_descriptors(int socket, const int *descriptors, size_t count, const void *bytes, size_t byte_count);

/// Receives them, close-on-exec; `count` says how many fit and then how many came. Bytes received, or -1 with errno.
ssize_t clinux_receive_descriptors(int socket, int *descriptors, size_t *count, void *bytes, size_t capacity);

/// open(2) with O_TMPFILE: a file of these bytes on `directory`'s disk that has no name and can get none, close-on-exec. Its
/// descriptor, or -1 with errno.
int clinux_unnamed_file(const char *directory, const void *bytes, size_t count);

/// malloc_trim(3): gives pages that the allocator does not use back to the system.
void clinux_return_free_memory(void);

/// mallopt(3), M_TRIM_THRESHOLD: so many bytes at the end of a heap are kept for the next allocation.
void clinux_keep_free_memory(int bytes);

/// prctl(PR_SET_PDEATHSIG): this process gets `signal` when its parent dies.
int clinux_set_parent_death_signal(int signal);

/// fork and exec a program whose parent-death signal is SIGTERM; standard input is /dev/null.
/// Returns the process id, or -1 with errno set.
int clinux_spawn_child(const char *path, char *const arguments[], char *const environment[]);

#endif
