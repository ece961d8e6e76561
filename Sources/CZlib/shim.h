// zlib for Swift. `deflateInit2` and `inflateInit2` are macros, which Swift cannot see.
#pragma once
#include <zlib.h>

static inline int comfy_deflate_init_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

static inline int comfy_inflate_init_gzip(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}
