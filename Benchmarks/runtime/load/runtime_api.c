#define _GNU_SOURCE
#include "runtime_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connection.h"

#define PREFIX "/2018-06-01/runtime/"
// A request id is this and the number of the invocation.
#define ID "8476a536-e9f4-11e8-9739-"

#define ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}"

static const Plan *plan;
static Record record;
static double *sent_at;
static bool is_idle;

double now_milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int total(void) { return plan->warmup + plan->invocations; }

// Before an event: of one invocation are the twelve digits of its id and the thirteen of its deadline, written into their places.
static char event_head[1024];
static size_t event_head_length;

static void make_event_head(void) {
    event_head_length = (size_t)snprintf(
        event_head, sizeof event_head,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Lambda-Runtime-Aws-Request-Id: " ID "%012d\r\n"
        "Lambda-Runtime-Deadline-Ms: %013d\r\n"
        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:benchmark\r\n"
        "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1\r\n"
        "Content-Length: %zu\r\n\r\n",
        0, 0, plan->event_length);
}

static void write_number(const char *before, int digits, unsigned base, unsigned long long number) {
    char *place = strstr(event_head, before) + strlen(before);
    while (digits--) {
        place[digits] = "0123456789abcdef"[number % base];
        number /= base;
    }
}

static void send_event(Connection *connection) {
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    write_number(ID, 12, 16, (unsigned)record.sent);
    write_number("Deadline-Ms: ", 13, 10, (unsigned long long)wall.tv_sec * 1000 + (unsigned long long)wall.tv_nsec / 1000000 + 30000);
    double now = now_milliseconds();
    if (record.sent == plan->warmup) record.measured_from = now;
    sent_at[record.sent++] = now;
    answer(connection, event_head, event_head_length, plan->event, plan->event_length);
}

static void next(Connection *connection) {
    if (!record.first_next) record.first_next = now_milliseconds();
    int answers = record.answered + record.failed;
    if (plan->sample && answers && answers % plan->sample_every == 0) plan->sample(answers);
    // After the last event the request stays open, as Lambda leaves it.
    if (record.sent < total()) {
        send_event(connection);
    } else {
        is_idle = true;
    }
}

static bool is_expected(const char *body, size_t length) {
    if (plan->is_echo) return length == plan->event_length && !memcmp(body, plan->event, length);
    return !plan->expected || memmem(body, length, plan->expected, strlen(plan->expected));
}

static void take_answer(Connection *connection, int number, bool is_response) {
    double now = now_milliseconds();
    const char *body = request_body(connection);
    size_t length = connection->body_length;
    record.latencies[number] = (float)((now - sent_at[number]) * 1e3);
    if (is_response) record.answered++;
    else record.failed++;
    if (!is_response || !is_expected(body, length)) {
        if (is_response) record.unexpected++;
        if (record.failed + record.unexpected <= 3)
            fprintf(stderr, "load: answer %d is not the one expected: %.*s\n", number, (int)(length < 400 ? length : 400), body);
    }
    if (!record.first_answer) record.first_answer = now;
    if (record.answered + record.failed == total()) record.measured_to = now;
    answer(connection, ACCEPTED, strlen(ACCEPTED), NULL, 0);
}

static void handle(Connection *connection, const char *line, size_t line_length) {
    const char *get = "GET " PREFIX "invocation/next ", *post = "POST " PREFIX "invocation/" ID;
    if (line_length > strlen(get) && !memcmp(line, get, strlen(get))) return next(connection);
    if (line_length > strlen(post) + 12 && !memcmp(line, post, strlen(post))) {
        char *end;
        long number = strtol(line + strlen(post), &end, 16);
        bool is_response = !strncmp(end, "/response ", 10);
        if (number >= 0 && number < record.sent && (is_response || !strncmp(end, "/error ", 7)))
            return take_answer(connection, (int)number, is_response);
    }
    fprintf(stderr, "load: not understood: %.*s %.*s\n", (int)line_length, line,
            (int)(connection->body_length < 400 ? connection->body_length : 400), request_body(connection));
    record.unexpected++;
    answer_json(connection, "404 Not Found", "{}");
}

int runtime_api_start(const Plan *given) {
    plan = given;
    make_event_head();
    free(record.latencies);
    free(sent_at);
    record = (Record){.latencies = calloc((size_t)total(), sizeof(float))};
    sent_at = calloc((size_t)total(), sizeof(double));
    if (!record.latencies || !sent_at) fail("no memory");
    is_idle = false;
    return listen_on_loopback(handle);
}

bool runtime_api_is_done(void) { return is_idle && record.answered + record.failed == total(); }

const Record *runtime_api_record(void) {
    record.connections = connections_accepted(handle);
    return &record;
}
