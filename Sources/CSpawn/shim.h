// glibc's spawn actions for Swift, whose Glibc module leaves out the non-portable ones.
#pragma once
#include <spawn.h>

extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/// The child gets no descriptor from `first` on (glibc 2.34).
static inline int comfy_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
