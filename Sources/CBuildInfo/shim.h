// The stamp of a packaged program: what dev/package.sh knows and the compiler does not. It has a section of its own,
// which `objcopy --update-section` fills after linking, so that no build depends on the commit.
#pragma once
#include <gnu/libc-version.h>

enum { comfy_build_stamp_size = 512 };

// Lines of "name value" up to the first NUL; empty in a program that was not packaged. Volatile, because the bytes that
// the compiler sees are not those that are read.
static inline void comfy_build_stamp_copy(char *copy) {
    static const volatile char stamp[comfy_build_stamp_size] __attribute__((section(".comfy_build"), used)) = "";
    for (int i = 0; i < comfy_build_stamp_size; i++) copy[i] = stamp[i];
}
