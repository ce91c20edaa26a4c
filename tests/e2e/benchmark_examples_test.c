/* benchmark_examples_test.c: the examples of libbenchmark do what their comments say. Each is compiled against the
 * installed library with every compiler for its language, warnings being errors; then the lines of its comment that
 * start with "$ " are run, and the lines below each must appear in the output in that order. "..." stands for
 * anything (" ... " for one blank, too), and a blank for any number of them. */
#include "tests/support/package.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <fnmatch.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define EXAMPLES "harness/benchmark/examples/"

/* The rest of the line, and *text after it; NULL at the end of the comment. Without the star before it. */
static char *next_comment_line(const char **text)
{
    const char *end = strchr(*text, '\n'), *start = *text;
    if (!end || strncmp(start, " */", 3) == 0)
        return NULL;
    *text = end + 1;
    start += strncmp(start, " * ", 3) == 0 ? 3 : strncmp(start, " *", 2) == 0 ? 2 : 0;
    return mem_strndup(start, (size_t)(end - start));
}

/* As an fnmatch pattern for a line whose blanks are single ones. */
static char *pattern_of(const char *expected)
{
    struct str pattern = { 0 };
    str_append_char(&pattern, '*');
    for (; *expected; expected++) {
        if (strncmp(expected, "...", 3) == 0) {
            str_append_char(&pattern, '*');
            expected += expected[3] == ' ' ? 3 : 2;
        } else {
            if (strchr("*?[\\", *expected))
                str_append_char(&pattern, '\\');
            str_append_char(&pattern, *expected);
        }
    }
    str_append_char(&pattern, '*');
    return str_take(&pattern);
}

/* The part of output after the first line that the expected one matches; NULL if none does. */
static const char *find_line(const char *output, const char *expected)
{
    char *pattern = pattern_of(expected);
    const char *found = NULL;
    while (!found && *output) {
        size_t length = strcspn(output, "\n");
        char *line = mem_strndup(output, length);
        output += length + (output[length] == '\n');
        if (fnmatch(pattern, line, 0) == 0)
            found = output;
        free(line);
    }
    free(pattern);
    return found;
}

/* Returns how many lines were expected. */
static int check_commands(void **state, const char *name, const char *text)
{
    char *output = NULL, *line;
    const char *rest = "";
    int expected = 0;
    while ((line = next_comment_line(&text)) != NULL) {
        if (strncmp(line, "$ ", 2) == 0) {
            free(output);
            output = package_run(state, "cd $W/bin && { %s; } 2>/dev/null | tr -s ' '", line + 2);
            rest = output;
        } else if (!line[0]) {
            free(output);
            output = NULL;
        } else if (output) {
            const char *after = find_line(rest, line);
            if (!after)
                fail_msg("%s: no line\n%s\nin the rest of the output:\n%s", name, line, rest);
            rest = after;
            expected++;
        }
        free(line);
    }
    free(output);
    return expected;
}

/* *.c with cc-like compilers, *.cc with the others; at least one has to be there. */
static bool compile(void **state, const char *path, bool is_c)
{
    static const char *const compilers[2][2] = { { "g++ -std=c++11", "clang++ -std=c++11" },
                                                 { "gcc -std=c11", "clang -std=c11" } };
    bool compiled = false;
    for (size_t i = 0; i < 2; i++) {
        const char *compiler = compilers[is_c][i];
        char *command = mem_strndup(compiler, strcspn(compiler, " "));
        if (package_has(state, command)) {
            free(
                package_run(state,
                            "mkdir -p $W/bin && %s -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Wpedantic -Wconversion "
                            "-Wshadow -Werror %s -o $W/bin/$(basename %s | sed 's/[.].*//') "
                            "$(pkg-config --cflags --libs prony-benchmark) -lm -pthread",
                            compiler, path, path));
            compiled = true;
        }
        free(command);
    }
    return compiled;
}

static void check_examples(void **state, const char *pattern, size_t at_least)
{
    glob_t paths;
    size_t checked = 0;
    if (!*state)
        skip(); /* here, where nothing is to be freed */
    assert_int_equal(glob(pattern, 0, NULL, &paths), 0);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        const char *path = paths.gl_pathv[i];
        char *text = NULL;
        size_t size;
        if (!compile(state, path, str_ends(path, ".c")))
            continue;
        assert_int_equal(file_read(path, &text, &size, NULL), 0);
        assert_int_equal(strncmp(text, "/* ", 3), 0);
        if (check_commands(state, path, text) == 0)
            fail_msg("%s promises no output", path);
        free(text);
        checked++;
    }
    globfree(&paths);
    if (!checked)
        skip();
    assert_true(checked >= at_least);
}

static void test_c(void **state)
{
    check_examples(state, EXAMPLES "*.c", 15);
}

static void test_cxx(void **state)
{
    check_examples(state, EXAMPLES "*.cc", 1);
}

/* Without a name of its own an example is found by nobody. */
static void test_readme_names_all(void **state)
{
    free(package_run(state, "for file in " EXAMPLES "*.c*; do grep -qF \"`basename $file`\" " EXAMPLES
                            "README.md || { echo $file; exit 1; }; done"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_c),
        cmocka_unit_test(test_cxx),
        cmocka_unit_test(test_readme_names_all),
    };
    return cmocka_run_group_tests(tests, package_set_up, package_tear_down);
}
