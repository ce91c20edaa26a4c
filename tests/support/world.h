/* world.h: a directory of its own in which a test drives the real prony, as a user would. */
#ifndef PRONY_TESTS_WORLD_H
#define PRONY_TESTS_WORLD_H

#include "harness/run/child.h"
#include <stdint.h>

struct world {
    char directory[64];
    char *prony, *database; /* absolute paths */
};

/* For main: whether the tests of the program are to be left out here, which it then has said in TAP: commands of one
 * thread that start hundreds of processes have nothing to show to the thread sanitizer, and cost minutes of it. */
bool world_is_left_out(bool needs_git);

/* Set-up and teardown of a cmocka test; *state is the world. */
int world_make(void **state);
int world_remove(void **state);

/* Writes an executable file; its path is owned by the caller. */
char *world_put(const struct world *world, const char *name, const char *text);
void world_write(const struct world *world, const char *name, const char *text);
/* Runs `prony words...` in the world's directory. Its stdout and stderr are in *result. Returns the exit status. */
int world_prony(const struct world *world, const char *words, struct child_result *result);
/* The same with the expected status; the output is thrown away. */
void world_expect(const struct world *world, const char *words, int status);
/* Exit status 2, nothing on stdout, and text on stderr. */
void world_expect_error(const struct world *world, const char *words, const char *text);
/* The number that a query of the world's database gives. */
int64_t world_query(const struct world *world, const char *sql);

#endif
