// One accepted connection: whole HTTP/1.1 requests in, answers out.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct {
    char *bytes;
    size_t count, capacity;
} Buffer;

typedef struct Connection {
    int descriptor;
    // Answers a request of this connection.
    void (*handler)(struct Connection *, const char *line, size_t line_length);
    // What has come and is not used up, and what could not be written yet.
    Buffer in, out;
    // Of the request at hand, inside `in`: the head with its blank line, and the body.
    size_t head_length, body_length;
    // A recv that waits ends after the time that `serve` may take.
    bool is_patient;
    struct Connection *next;
} Connection;

// Listens on a free port of 127.0.0.1, which is returned.
int listen_on_loopback(void (*handler)(Connection *, const char *, size_t));

// Waits at most so long, accepts, reads, and calls the handlers.
void serve(int milliseconds);

// The program keeps to one connection: what it has opened last is waited for, and nothing else.
void expect_one_connection(void);

// Connections accepted since the last `close_all`, by handler.
int connections_accepted(void (*handler)(Connection *, const char *, size_t));

// Ends all connections and listeners.
void close_all(void);

// The body of the request at hand.
const char *request_body(const Connection *connection);

// The value of a header of the request at hand, not terminated; NULL when it is absent.
const char *request_header(const Connection *connection, const char *name, size_t *length);

// Writes head and body in one system call where the socket takes them.
void answer(Connection *connection, const char *head, size_t head_length, const char *body, size_t body_length);

// A small answer with a JSON body.
void answer_json(Connection *connection, const char *status, const char *body);

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
