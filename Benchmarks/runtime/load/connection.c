#define _GNU_SOURCE
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_SIZE = 128 << 10, MOST_LISTENERS = 4 };

typedef struct {
    int descriptor, accepted;
    void (*handler)(Connection *, const char *, size_t);
} Listener;

static int poller = -1;
static Listener listeners[MOST_LISTENERS];
static int listener_count;
static Connection *connections;
static bool has_one_client;

void expect_one_connection(void) { has_one_client = true; }

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

static void reserve(Buffer *buffer, size_t room) {
    if (buffer->capacity - buffer->count >= room) return;
    size_t capacity = buffer->capacity ? buffer->capacity : 4096;
    while (capacity - buffer->count < room) capacity *= 2;
    buffer->bytes = realloc(buffer->bytes, capacity);
    if (!buffer->bytes) fail("no memory");
    buffer->capacity = capacity;
}

int listen_on_loopback(void (*handler)(Connection *, const char *, size_t)) {
    if (poller < 0) poller = epoll_create1(EPOLL_CLOEXEC);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener_count == MOST_LISTENERS || bind(descriptor, (void *)&address, length) || listen(descriptor, 256))
        fail("cannot listen: %s", strerror(errno));
    getsockname(descriptor, (void *)&address, &length);
    Listener *listener = &listeners[listener_count++];
    *listener = (Listener){.descriptor = descriptor, .handler = handler};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
    return ntohs(address.sin_port);
}

static void accept_all(Listener *listener) {
    for (;;) {
        int descriptor = accept4(listener->descriptor, NULL, NULL, SOCK_CLOEXEC);
        if (descriptor < 0) return;
        int yes = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        Connection *connection = calloc(1, sizeof *connection);
        if (!connection) fail("no memory");
        *connection = (Connection){.descriptor = descriptor, .handler = listener->handler, .next = connections};
        connections = connection;
        listener->accepted++;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
    }
}

int connections_accepted(void (*handler)(Connection *, const char *, size_t)) {
    for (int i = 0; i < listener_count; i++)
        if (listeners[i].handler == handler) return listeners[i].accepted;
    return 0;
}

static void set_interest(Connection *connection, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_MOD, connection->descriptor, &event);
}

static void hang_up(Connection *connection) {
    if (connection->descriptor >= 0) close(connection->descriptor);
    connection->descriptor = -1;
    connection->in.count = connection->out.count = 0;
}

// Where the value stands when a header line, without its break, has this name.
static const char *value_of(const char *line, size_t length, const char *name, size_t name_length) {
    if (length <= name_length || line[name_length] != ':' || strncasecmp(line, name, name_length)) return NULL;
    const char *value = line + name_length + 1;
    while (*value == ' ') value++;
    return value;
}

// One look at each line of the head: what the generator does counts as the function's time.
static void take_head(Connection *connection) {
    const char *end = connection->in.bytes + connection->head_length;
    bool waits = false;
    connection->body_length = 0;
    for (const char *line = memchr(connection->in.bytes, '\n', connection->head_length); line && ++line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)(next - line) - 1;
        const char *value = value_of(line, length, "content-length", 14);
        if (value) connection->body_length = strtoul(value, NULL, 10);
        if (value_of(line, length, "transfer-encoding", 17)) fail("chunked requests are not understood");
        waits = waits || value_of(line, length, "expect", 6);
        line = next;
    }
    if (waits) answer(connection, "HTTP/1.1 100 Continue\r\n\r\n", 25, NULL, 0);
}

// Whether a whole request is there; its measures are in the connection then.
static bool has_request(Connection *connection) {
    Buffer *in = &connection->in;
    if (!connection->head_length) {
        char *end = in->count ? memmem(in->bytes, in->count, "\r\n\r\n", 4) : NULL;
        if (!end) return false;
        connection->head_length = (size_t)(end + 4 - in->bytes);
        take_head(connection);
    }
    size_t whole = connection->head_length + connection->body_length;
    if (in->count < whole) reserve(in, whole - in->count);
    return in->count >= whole;
}

static void handle_requests(Connection *connection) {
    while (connection->descriptor >= 0 && has_request(connection)) {
        char *bytes = connection->in.bytes;
        char *end = memmem(bytes, connection->head_length, "\r\n", 2);
        connection->handler(connection, bytes, (size_t)(end - bytes));
        size_t used = connection->head_length + connection->body_length;
        connection->in.count -= used;
        memmove(bytes, bytes + used, connection->in.count);
        connection->head_length = connection->body_length = 0;
    }
}

// `flags` are those of the first recv. False when nothing came.
static bool read_all(Connection *connection, int flags) {
    Buffer *in = &connection->in;
    size_t before = in->count;
    for (;; flags = MSG_DONTWAIT) {
        reserve(in, READ_SIZE);
        size_t room = in->capacity - in->count;
        ssize_t count = recv(connection->descriptor, in->bytes + in->count, room, flags);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count <= 0) {
            hang_up(connection);
            return true;
        }
        in->count += (size_t)count;
        if ((size_t)count < room) break;
    }
    bool came = in->count > before;
    handle_requests(connection);
    return came;
}

static void write_rest(Connection *connection) {
    Buffer *out = &connection->out;
    ssize_t count = send(connection->descriptor, out->bytes, out->count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) return;
    out->count -= (size_t)count;
    memmove(out->bytes, out->bytes + count, out->count);
    if (!out->count) set_interest(connection, EPOLLIN);
}

// Saves a call of epoll_wait for each request: what is measured is less the generator's. False when nothing came.
static bool serve_one(Connection *connection, int milliseconds) {
    struct timeval patience = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    if (!connection->is_patient)
        setsockopt(connection->descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connection->is_patient = true;
    bool came = read_all(connection, 0);
    if (connection->descriptor >= 0 && connection->out.count) set_interest(connection, EPOLLIN | EPOLLOUT);
    return came;
}

void serve(int milliseconds) {
    if (has_one_client && connections && connections->descriptor >= 0 && !connections->out.count) {
        if (serve_one(connections, milliseconds)) return;
        // It may have opened another one.
        milliseconds = 0;
    }
    struct epoll_event events[64];
    int count = epoll_wait(poller, events, 64, milliseconds);
    for (int i = 0; i < count; i++) {
        void *source = events[i].data.ptr;
        if (source >= (void *)listeners && source < (void *)(listeners + MOST_LISTENERS)) {
            accept_all(source);
            continue;
        }
        Connection *connection = source;
        if (connection->descriptor >= 0 && events[i].events & EPOLLOUT) write_rest(connection);
        if (connection->descriptor >= 0 && events[i].events & ~(uint32_t)EPOLLOUT) read_all(connection, MSG_DONTWAIT);
        if (connection->descriptor >= 0 && connection->out.count) set_interest(connection, EPOLLIN | EPOLLOUT);
    }
}

void close_all(void) {
    for (int i = 0; i < listener_count; i++) close(listeners[i].descriptor);
    listener_count = 0;
    while (connections) {
        Connection *connection = connections;
        connections = connection->next;
        hang_up(connection);
        free(connection->in.bytes);
        free(connection->out.bytes);
        free(connection);
    }
}

const char *request_body(const Connection *connection) { return connection->in.bytes + connection->head_length; }

const char *request_header(const Connection *connection, const char *name, size_t *length) {
    const char *line = connection->in.bytes, *end = line + connection->head_length;
    while ((line = memmem(line, (size_t)(end - line), "\r\n", 2)) && (line += 2) < end) {
        const char *last = memmem(line, (size_t)(end - line), "\r\n", 2);
        const char *value = value_of(line, (size_t)(last - line), name, strlen(name));
        if (!value) continue;
        *length = (size_t)(last - value);
        return *length ? value : NULL;
    }
    return NULL;
}

void answer(Connection *connection, const char *head, size_t head_length, const char *body, size_t body_length) {
    struct iovec parts[2] = {{(void *)head, head_length}, {(void *)body, body_length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = body_length ? 2 : 1};
    ssize_t sent = connection->out.count ? 0 : sendmsg(connection->descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    size_t done = sent < 0 ? 0 : (size_t)sent;
    for (int i = 0; i < 2; i++) {
        size_t part = done < parts[i].iov_len ? done : parts[i].iov_len;
        size_t left = parts[i].iov_len - part;
        done -= part;
        if (!left) continue;
        reserve(&connection->out, left);
        memcpy(connection->out.bytes + connection->out.count, (char *)parts[i].iov_base + part, left);
        connection->out.count += left;
    }
}

void answer_json(Connection *connection, const char *status, const char *body) {
    char head[256];
    int length = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                          status, strlen(body));
    answer(connection, head, (size_t)length, body, strlen(body));
}
