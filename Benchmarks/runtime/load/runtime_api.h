// The Lambda Runtime API, version 2018-06-01, for one function: events out, answers in, all of them timed.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
#pragma once
#include <stdbool.h>
#include <stddef.h>

// What is sent and what is expected; fixed before `runtime_api_start`.
typedef struct {
    const char *event;
    size_t event_length;
    // Answers must be the event itself; else they must contain `expected`, when that is given.
    bool is_echo;
    const char *expected;
    // Invocations whose time does not count, and those whose time does.
    int warmup, invocations;
    // Called with the number of answers so far, after each `sample_every` of them, while the function is idle.
    int sample_every;
    void (*sample)(int answers);
} Plan;

// What was seen. Times are milliseconds of the monotonic clock; latencies are microseconds, one for each invocation.
typedef struct {
    int sent, answered, failed, unexpected, connections;
    double first_next, first_answer, measured_from, measured_to;
    float *latencies;
} Record;

// Begins anew; gives the port.
int runtime_api_start(const Plan *plan);

// Whether every event has been answered, and the function asks for the next one.
bool runtime_api_is_done(void);

const Record *runtime_api_record(void);

double now_milliseconds(void);
