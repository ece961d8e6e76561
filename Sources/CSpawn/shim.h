// glibc's calls for starting programs, for Swift, whose Glibc module leaves out those that are not portable.
#pragma once
#include <fcntl.h>
#include <spawn.h>

extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/// A pipe of which no child inherits an end, not even one that is started at this moment.
static inline int comfy_spawn_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

/// The child gets no descriptor from `first` on (glibc 2.34).
static inline int comfy_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
