/* git.h: questions to git. */
#ifndef PRONY_CLI_GIT_H
#define PRONY_CLI_GIT_H

#include "harness/base/arena.h"
#include "harness/base/error.h"

/* `git -C directory words...` (words end with NULL), in English. *answer, which may be NULL: its stdout without the
 * last newline, in the arena, also where it fails. Returns 0, ERROR_UNSUPPORTED where there is no git, else ERROR_STATE
 * with the last line that it said. */
int git_ask(const char *directory, const char *const *words, struct arena *arena, const char **answer,
            struct error *error);
/* Hooks and `git bisect run` hand down which repository they mean: from here on that is only where we are. */
void git_forget_environment(void);

#endif
