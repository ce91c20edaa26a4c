/* git.h: git as a child process. */
#ifndef PRONY_RUN_GIT_H
#define PRONY_RUN_GIT_H

#include "harness/base/arena.h"
#include "harness/base/error.h"

/* `git -C directory words...`, in English; words end with NULL. *answer, which may be NULL: its stdout without the
 * final newlines, in the arena, also where git ends with another status than 0. Fails with the last line of its stderr
 * (ERROR_IO), because git is not there (ERROR_UNSUPPORTED), or because it was interrupted (ERROR_STATE).
 * interrupt_fd: -1 = none. */
int git_run(const char *directory, const char *const *words, int interrupt_fd, struct arena *arena, const char **answer,
            struct error *error);
/* Hooks and `git bisect run` may hand down which repository and index they work on: that must not reach ours. */
void git_forget_environment(void);

#endif
