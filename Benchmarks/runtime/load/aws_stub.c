#define _GNU_SOURCE
#include "aws_stub.h"

#include <string.h>
#include <time.h>

#include "connection.h"

// An operation of a JSON protocol (X-Amz-Target), or the method of a REST call.
typedef struct {
    const char *name, *answer;
    int calls;
} Operation;

static Operation operations[] = {
    {"DynamoDB_20120810.PutItem", "{}", 0},
    {"DynamoDB_20120810.UpdateItem", "{}", 0},
    {"DynamoDB_20120810.DeleteItem", "{}", 0},
    // Nothing is stored: a reader finds nothing.
    {"DynamoDB_20120810.GetItem", "{}", 0},
    {"DynamoDB_20120810.Query", "{\"Items\":[],\"Count\":0,\"ScannedCount\":0}", 0},
    {"AmazonSQS.SendMessage", "{\"MessageId\":\"219f8380-5770-4cc2-8c3e-5c715e145f5e\"}", 0},
    {"PUT", "", 0},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static int unknown;
static const char *job_page;

void aws_stub_set_job(const char *page) { job_page = page; }

// What a query of a job's partition finds is the one job there is; the queue and all else are empty.
static const char *answer_to(const Operation *operation, Connection *connection) {
    if (!job_page || strcmp(operation->name, "DynamoDB_20120810.Query")) return operation->answer;
    return memmem(request_body(connection), connection->body_length, "\"JOB#", 5) ? job_page : operation->answer;
}

static void handle(Connection *connection, const char *line, size_t line_length) {
    size_t length;
    const char *name = request_header(connection, "x-amz-target", &length);
    if (!name) {
        name = line;
        length = (size_t)((const char *)memchr(line, ' ', line_length) - line);
    }
    for (int i = 0; i < OPERATIONS; i++) {
        Operation *operation = &operations[i];
        if (strlen(operation->name) != length || memcmp(operation->name, name, length)) continue;
        operation->calls++;
        const char *body = answer_to(operation, connection);
        char date[64], head[256];
        time_t now = time(NULL);
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
        int count = snprintf(head, sizeof head,
                             "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: application/x-amz-json-1.0\r\n"
                             "x-amzn-RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\nContent-Length: %zu\r\n\r\n",
                             date, strlen(body));
        answer(connection, head, (size_t)count, body, strlen(body));
        return;
    }
    unknown++;
    fprintf(stderr, "load: no answer for %.*s\n", (int)length, name);
    answer_json(connection, "400 Bad Request", "{\"__type\":\"UnknownOperationException\"}");
}

int aws_stub_start(void) {
    for (int i = 0; i < OPERATIONS; i++) operations[i].calls = 0;
    unknown = 0;
    return listen_on_loopback(handle);
}

int aws_stub_calls(void) {
    int calls = unknown;
    for (int i = 0; i < OPERATIONS; i++) calls += operations[i].calls;
    return calls;
}

void aws_stub_print(FILE *file) {
    fputs("\"calls\":{", file);
    const char *comma = "";
    for (int i = 0; i < OPERATIONS; i++) {
        if (!operations[i].calls) continue;
        fprintf(file, "%s\"%s\":%d", comma, operations[i].name, operations[i].calls);
        comma = ",";
    }
    fprintf(file, "},\"unknown_calls\":%d,\"aws_connections\":%d", unknown, connections_accepted(handle));
}
