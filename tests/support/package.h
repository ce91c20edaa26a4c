/* package.h: libbenchmark as others get it: `make install` into a directory of the test's own, and shell lines that
 * build programs against it. Only for the release variant; in others the tests are skipped. */
#ifndef PRONY_TESTS_PACKAGE_H
#define PRONY_TESTS_PACKAGE_H

#include <stdbool.h>

/* For cmocka groups: installs to $P (the prefix), with $W beside it for what the tests build. */
int package_set_up(void **state);
int package_tear_down(void **state);

/* Runs a shell line from the root of the repository with $P, $W and, for pkg-config, PKG_CONFIG_PATH in its
 * environment. Fails the test with the output unless the status is 0. Returns stdout and stderr; free it. */
char *package_run(void **state, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, with whatever status. */
int package_try(void **state, char **output, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Whether the command exists here. */
bool package_has(void **state, const char *command);

#endif
