/* ab_git.h: git as a child process. */
#ifndef PRONY_RUN_AB_GIT_H
#define PRONY_RUN_AB_GIT_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include <stdbool.h>

/* `git -C directory words...`; words end with NULL. *answer: its stdout without the final newlines, in the arena; may
 * be NULL. Fails with the last line of its stderr, or because git is not there (ERROR_UNSUPPORTED) or was interrupted
 * (ERROR_STATE). interrupt_fd: -1 = none. */
int ab_git(const char *directory, const char *const *words, int interrupt_fd, struct arena *arena, const char **answer,
           struct error *error);
/* Hooks and `git bisect run` may hand down which repository and index they work on: that must not reach ours. */
void ab_git_forget_environment(void);

#endif
