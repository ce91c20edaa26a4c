/* project.h: a tree with a prony.conf, built and measured where it lies: `prony run prony.conf`. */
#ifndef PRONY_RUN_PROJECT_H
#define PRONY_RUN_PROJECT_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/run/runner.h"
#include <stdbool.h>

/* Whether the file is a prony.conf: by its name. */
bool project_is(const char *path);
/* Runs its build lines in its directory, and sets what is measured there: plan, directory and places of programs. What
 * the builds say goes to stderr. Strings live in the arena. ERROR_IO: it does not build. */
int project_prepare(struct runner_options *options, const char *path, struct arena *arena, struct error *error);

#endif
