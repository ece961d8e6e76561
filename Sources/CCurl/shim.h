// libcurl for Swift. `curl_easy_setopt` and its like are variadic, which Swift cannot call:
// each argument type gets a wrapper here. epoll, which Swift's Glibc module leaves out, comes along
// because the loop polls libcurl's sockets and its own descriptors in one call; and mallopt, because libcurl takes
// and frees a large buffer an exchange.
#pragma once
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static inline CURLcode comfy_curl_setopt_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode comfy_curl_setopt_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode comfy_curl_setopt_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode comfy_curl_setopt_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode comfy_curl_setopt_list(CURL *handle, struct curl_slist *headers) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
}

typedef size_t (*comfy_curl_data_callback)(char *, size_t, size_t, void *);

static inline CURLcode comfy_curl_setopt_data_callback(
    CURL *handle, CURLoption option, comfy_curl_data_callback value) {
    return curl_easy_setopt(handle, option, value);
}

typedef int (*comfy_curl_seek_callback)(void *, curl_off_t, int);

static inline CURLcode comfy_curl_setopt_seek_callback(CURL *handle, comfy_curl_seek_callback value) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}

typedef int (*comfy_curl_trailer_callback)(struct curl_slist **, void *);

static inline CURLcode comfy_curl_setopt_trailer_callback(CURL *handle, comfy_curl_trailer_callback value) {
    return curl_easy_setopt(handle, CURLOPT_TRAILERFUNCTION, value);
}

static inline CURLcode comfy_curl_getinfo_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode comfy_curl_getinfo_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode comfy_curl_getinfo_socket(CURL *handle, curl_socket_t *value) {
    return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}

static inline CURLcode comfy_curl_getinfo_string(CURL *handle, CURLINFO info, const char **value) {
    return curl_easy_getinfo(handle, info, (char **)value);
}

static inline CURLcode comfy_curl_getinfo_pointer(CURL *handle, CURLINFO info, void **value) {
    return curl_easy_getinfo(handle, info, (char **)value);
}

static inline CURLMcode comfy_curl_multi_setopt_long(CURLM *handle, CURLMoption option, long value) {
    return curl_multi_setopt(handle, option, value);
}

// epoll's union and packed struct, flattened.
static inline int comfy_epoll_set(int epoll, int operation, int descriptor, uint32_t bits) {
    struct epoll_event event = {.events = bits, .data = {.fd = descriptor}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

struct comfy_readiness {
    int descriptor;
    uint32_t bits;
};

// At most 64 that are ready, after a wait of so many nanoseconds at most. epoll counts in milliseconds: timers that are due within
// one of them would all fire together, and late. So a short wait is poll's.
static inline int comfy_epoll_ready(int epoll, struct comfy_readiness *list, long long nanoseconds) {
    int milliseconds = 0;
    if (nanoseconds > 0 && nanoseconds < 1000000000) {
        struct pollfd ready = {.fd = epoll, .events = POLLIN};
        struct timespec limit = {.tv_nsec = (long)nanoseconds};
        if (ppoll(&ready, 1, &limit, NULL) <= 0) return 0;
    } else if (nanoseconds > 0) {
        milliseconds = nanoseconds < 3600000000000 ? (int)((nanoseconds + 999999) / 1000000) : 3600000;
    }
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, 64, milliseconds);
    for (int i = 0; i < count; i++) {
        list[i].descriptor = events[i].data.fd;
        list[i].bits = events[i].events;
    }
    return count;
}

static inline int comfy_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// A socket on its way to a numeric address, IPv4 or IPv6; -1 and errno when there is none to be had.
static inline int comfy_connect(const char *host, int port) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    const struct sockaddr *address = (const struct sockaddr *)&four;
    socklen_t size = sizeof four;
    if (inet_pton(AF_INET, host, &four.sin_addr) != 1) {
        if (inet_pton(AF_INET6, host, &six.sin6_addr) != 1) {
            errno = EINVAL;
            return -1;
        }
        address = (const struct sockaddr *)&six;
        size = sizeof six;
    }
    int descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(descriptor, address, size) == 0 || errno == EINPROGRESS) return descriptor;
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

// What is left of a head and a body in one call.
static inline ssize_t comfy_send(
    int descriptor, const void *head, size_t head_count, const void *body, size_t body_count) {
    if (!body_count) return send(descriptor, head, head_count, MSG_NOSIGNAL);
    struct iovec parts[2] = {{(void *)head, head_count}, {(void *)body, body_count}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

// Signals: the handler may only do what is safe inside a signal, so it is C and writes one byte to
// the pipe of the loop that asked for the signal. The table is local to a function because Swift's
// importer does not emit a header's variables; one Swift file uses it, so there is one.
static inline volatile int *comfy_signal_pipe(int number) {
    static volatile int pipes[65];
    return &pipes[number];
}

static inline void comfy_signal_handler(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(*comfy_signal_pipe(number), &byte, 1);
    (void)written;
    errno = saved;
}

static inline int comfy_signal_watch(int number, int descriptor) {
    if (number < 1 || number > 64) return -1;
    *comfy_signal_pipe(number) = descriptor;
    struct sigaction action = {0};
    action.sa_handler = comfy_signal_handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, 0);
}

// Gives the signal back to the system, unless another pipe has it by now.
static inline void comfy_signal_forget(int number, int descriptor) {
    if (*comfy_signal_pipe(number) == descriptor) signal(number, SIG_DFL);
}
