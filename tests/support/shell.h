/* shell.h: shell lines in the directory of a world (world.h). */
#ifndef PRONY_TESTS_SHELL_H
#define PRONY_TESTS_SHELL_H

/* Runs a line of bash in the world's directory ($W) with the checkout ($ROOT) and the program ($PRONY) at hand; none of
 * the CI systems' own variables is there. Fails the test unless it ends with that status. Returns stdout and stderr;
 * free it. state is that of a cmocka test: *state is the world. */
char *shell_output(void **state, int status, const char *line);
/* It must succeed. */
void shell_run(void **state, const char *line);
/* It must end with that status and say that text. */
void shell_expect(void **state, int status, const char *line, const char *text);
/* Skips the test where the line does not succeed; what names what is missing then. */
void shell_skip_unless(void **state, const char *line, const char *what);

#endif
