/* golden.h: texts that are compared with files of tests/golden. */
#ifndef PRONY_TESTS_GOLDEN_H
#define PRONY_TESTS_GOLDEN_H

/* Fails the test with the first line that differs from the file. With PRONY_UPDATE_GOLDEN the file is written instead
 * (scripts/golden). */
void golden_check(const char *path, const char *actual);

#endif
