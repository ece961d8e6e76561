// libcurl for Swift. `curl_easy_setopt` and its like are variadic, which Swift cannot call:
// each argument type gets a wrapper here.
#pragma once
#include <curl/curl.h>

static inline CURLcode comfy_curl_setopt_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
