// load: plays the Lambda service for a custom runtime, and times it. See ../../README.md.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws_stub.h"
#include "connection.h"
#include "runtime_api.h"

enum { MOST_SAMPLES = 256, PATIENCE_SECONDS = 120 };

static struct {
    int launches, core, concurrency, is_verbose;
    const char *handler;
    char **environment;
    int environment_count;
    char **command;
} options = {.launches = 1, .core = -1, .concurrency = 1, .handler = "benchmark"};

static pid_t function;
static struct {
    int answers;
    long kilobytes;
} samples[MOST_SAMPLES];
static int sample_count;

// A value of /proc/PID/status in kB; -1 when it is not there.
static long memory(const char *name) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", function);
    FILE *file = fopen(path, "r");
    long value = -1;
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name))) value = strtol(line + strlen(name) + 1, NULL, 10);
    if (file) fclose(file);
    return value;
}

static void sample(int answers) {
    if (sample_count == MOST_SAMPLES) return;
    samples[sample_count].answers = answers;
    samples[sample_count++].kilobytes = memory("RssAnon");
}

// One core for both: a ping-pong has no parallelism to lose, and no noise of migration then. Where the system lets us,
// before all ordinary processes: other work on the machine disturbs little.
static void pin(void) {
    if (options.core < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)options.core, &set);
    if (sched_setaffinity(0, sizeof set, &set)) fail("core %d: %s", options.core, strerror(errno));
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 10});
}

static void set_number(const char *name, const char *format, int value) {
    char text[128];
    snprintf(text, sizeof text, format, value);
    setenv(name, text, 1);
}

// In the child: what Lambda sets, then what the command line says.
static _Noreturn void become_function(int runtime_port, int aws_port) {
    set_number("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:%d", runtime_port);
    set_number("AWS_ENDPOINT_URL", "http://127.0.0.1:%d", aws_port);
    if (options.concurrency > 1) set_number("AWS_LAMBDA_MAX_CONCURRENCY", "%d", options.concurrency);
    const char *fixed[][2] = {
        {"_HANDLER", options.handler}, {"LAMBDA_TASK_ROOT", "."}, {"AWS_LAMBDA_FUNCTION_NAME", "benchmark"},
        {"AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"}, {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"},
        {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"}, {"AWS_REGION", "us-east-1"}, {"AWS_DEFAULT_REGION", "us-east-1"},
        {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"}, {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
        {"TZ", ":UTC"}, {"LANG", "en_US.UTF-8"},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) setenv(fixed[i][0], fixed[i][1], 1);
    for (int i = 0; i < options.environment_count; i++) putenv(options.environment[i]);
    if (!options.is_verbose) {
        int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, 1);
        dup2(nowhere, 2);
    } else {
        dup2(2, 1);
    }
    execvp(options.command[0], options.command);
    fprintf(stderr, "load: %s: %s\n", options.command[0], strerror(errno));
    _exit(127);
}

// As Lambda does it: SIGTERM, later SIGKILL. A profiler writes its file in between.
static void stop(struct rusage *usage) {
    kill(function, SIGTERM);
    for (int i = 0; i < 5000; i++) {
        if (wait4(function, NULL, WNOHANG, usage) == function) return;
        usleep(1000);
    }
    kill(function, SIGKILL);
    wait4(function, NULL, 0, usage);
}

static int compare(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void print(const Plan *plan, double started, const struct rusage *usage, long anonymous) {
    const Record *record = runtime_api_record();
    float *latencies = record->latencies + plan->warmup;
    qsort(latencies, (size_t)plan->invocations, sizeof *latencies, compare);
    double span = record->measured_to - record->measured_from;
    double cpu = (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
                 (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
    printf("{\"first_next_ms\":%.3f,\"first_answer_ms\":%.3f,\"per_second\":%.1f,", record->first_next - started,
           record->first_answer - started, span > 0 ? plan->invocations / span * 1e3 : 0);
    printf("\"latency_us\":{\"p50\":%.1f,\"p99\":%.1f},", (double)latencies[plan->invocations / 2],
           (double)latencies[plan->invocations * 99 / 100]);
    printf("\"cpu_us\":%.0f,\"page_faults\":%ld,\"rss_anon_kb\":%ld,\"connections\":%d,\"failed\":%d,\"unexpected\":%d,", cpu,
           usage->ru_minflt, anonymous, record->connections, record->failed, record->unexpected);
    aws_stub_print(stdout);
    fputs(",\"samples\":[", stdout);
    for (int i = 0; i < sample_count; i++)
        printf("%s[%d,%ld]", i ? "," : "", samples[i].answers, samples[i].kilobytes);
    puts("]}");
}

// Starts the function, drives it to the plan's end, kills it. False when it did not answer everything as expected.
static bool launch(const Plan *plan) {
    sample_count = 0;
    int runtime_port = runtime_api_start(plan), aws_port = aws_stub_start();
    double started = now_milliseconds();
    function = fork();
    if (function < 0) fail("fork: %s", strerror(errno));
    if (!function) become_function(runtime_port, aws_port);
    bool is_running = true;
    double looked = started;
    while (!runtime_api_is_done() && is_running) {
        serve(200);
        double now = now_milliseconds();
        if (now - looked < 150) continue;
        looked = now;
        is_running = waitpid(function, NULL, WNOHANG) == 0;
        if (now - started > PATIENCE_SECONDS * 1e3) break;
    }
    bool is_done = runtime_api_is_done();
    struct rusage usage = {0};
    long anonymous = is_running ? memory("RssAnon") : -1;
    if (is_running) stop(&usage);
    const Record *record = runtime_api_record();
    if (is_done) print(plan, started, &usage, anonymous);
    else fprintf(stderr, "load: %s %d of %d events\n", is_running ? "waited in vain after" : "the function ended after",
                 record->answered + record->failed, plan->warmup + plan->invocations);
    bool is_good = is_done && !record->failed && !record->unexpected;
    close_all();
    return is_good;
}

// {"id":1,"data":"…"} of so many bytes.
static char *made_event(size_t size) {
    char *event = malloc(size + 1);
    if (!event || size < 20) fail("an event has at least 20 bytes");
    size_t count = (size_t)sprintf(event, "{\"id\":1,\"data\":\"");
    for (; count < size - 2; count++) event[count] = "abcdefghijklmnopqrstuvwxyz0123456789 "[count % 37];
    memcpy(event + count, "\"}", 3);
    return event;
}

static char *read_event(const char *path, size_t *length) {
    FILE *file = fopen(path, "r");
    char *event = malloc(8 << 20);
    if (!file || !event) fail("%s: %s", path, strerror(errno));
    *length = fread(event, 1, 8 << 20, file);
    fclose(file);
    return event;
}

int main(int count, char **arguments) {
    static const struct option names[] = {
        {"invocations", 1, NULL, 'n'}, {"warmup", 1, NULL, 'w'}, {"size", 1, NULL, 's'}, {"event", 1, NULL, 'f'},
        {"launches", 1, NULL, 'l'}, {"core", 1, NULL, 'p'}, {"concurrency", 1, NULL, 'c'}, {"handler", 1, NULL, 'h'},
        {"env", 1, NULL, 'e'}, {"echo", 0, NULL, 'E'}, {"expect", 1, NULL, 'x'}, {"sample-every", 1, NULL, 'm'},
        {"one-connection", 0, NULL, 'o'},
        {"verbose", 0, NULL, 'v'}, {NULL, 0, NULL, 0}};
    Plan plan = {.invocations = 1};
    size_t size = 1024;
    const char *path = NULL;
    options.environment = calloc((size_t)count, sizeof(char *));
    for (int option; (option = getopt_long(count, arguments, "+", names, NULL)) != -1;) {
        switch (option) {
        case 'n': plan.invocations = atoi(optarg); break;
        case 'w': plan.warmup = atoi(optarg); break;
        case 's': size = strtoul(optarg, NULL, 10); break;
        case 'f': path = optarg; break;
        case 'l': options.launches = atoi(optarg); break;
        case 'p': options.core = atoi(optarg); break;
        case 'c': options.concurrency = atoi(optarg); break;
        case 'h': options.handler = optarg; break;
        case 'e': options.environment[options.environment_count++] = optarg; break;
        case 'E': plan.is_echo = true; break;
        case 'x': plan.expected = optarg; break;
        case 'o': expect_one_connection(); break;
        case 'm': plan.sample_every = atoi(optarg); break;
        case 'v': options.is_verbose = 1; break;
        default: return 2;
        }
    }
    options.command = arguments + optind;
    if (!*options.command || plan.invocations < 1) fail("usage: load [--invocations N] … -- PROGRAM [ARGUMENT …]");
    plan.event_length = size;
    plan.event = path ? read_event(path, &plan.event_length) : made_event(size);
    if (plan.sample_every) plan.sample = sample;
    signal(SIGPIPE, SIG_IGN);
    pin();
    bool is_good = true;
    for (int i = 0; i < options.launches; i++) {
        is_good = launch(&plan) && is_good;
        fflush(stdout);
    }
    return is_good ? 0 : 1;
}
