// Lower bound of a runtime on libcurl: its easy interface in a loop, an echo, nothing else. Not a product: it checks nothing.
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct {
    char *bytes;
    size_t count, capacity;
} event;
static char request_id[128];

static size_t take_body(char *piece, size_t unit, size_t count, void *owner) {
    (void)owner;
    count *= unit;
    if (event.count + count > event.capacity) {
        event.capacity = (event.count + count) * 2;
        event.bytes = realloc(event.bytes, event.capacity);
    }
    memcpy(event.bytes + event.count, piece, count);
    event.count += count;
    return count;
}

static size_t take_header(char *line, size_t unit, size_t count, void *owner) {
    (void)owner;
    static const char name[] = "Lambda-Runtime-Aws-Request-Id: ";
    size_t skip = sizeof name - 1;
    count *= unit;
    if (count > skip && count < skip + sizeof request_id && !strncasecmp(line, name, skip)) {
        size_t length = strcspn(line + skip, "\r\n");
        memcpy(request_id, line + skip, length);
        request_id[length] = 0;
    }
    return count;
}

static size_t ignore(char *piece, size_t unit, size_t count, void *owner) {
    (void)piece;
    (void)owner;
    return unit * count;
}

int main(void) {
    char next[256], response[512];
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    snprintf(next, sizeof next, "http://%s/2018-06-01/runtime/invocation/next", api);
    curl_global_init(CURL_GLOBAL_NOTHING);
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    headers = curl_slist_append(headers, "Content-Type: application/json");
    for (;;) {
        event.count = 0;
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(easy, CURLOPT_URL, next);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
        if (curl_easy_perform(easy)) return 1;
        snprintf(response, sizeof response, "http://%s/2018-06-01/runtime/invocation/%s/response", api, request_id);
        curl_easy_setopt(easy, CURLOPT_URL, response);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, event.bytes);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)event.count);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, ignore);
        if (curl_easy_perform(easy)) return 1;
    }
}
