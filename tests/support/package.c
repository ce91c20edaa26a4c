/* package.c: see package.h. */
#include "tests/support/package.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/child.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct package {
    char work[64];
    char variables[4][128]; /* P, W, PKG_CONFIG_PATH, LD_LIBRARY_PATH */
};

static int run_line(const struct package *package, char **output, const char *line)
{
    char *whole = mem_format("exec 2>&1\n%s\n", line);
    const char *const arguments[] = { "sh", "-c", whole, NULL };
    const char *environment[8] = { "TERM=dumb", "PRONY_KEEP_ASLR=1", "LC_ALL=C" };
    for (size_t i = 0; i < 4; i++)
        environment[3 + i] = package->variables[i];
    struct child_request request = { .arguments = arguments,
                                     .environment = environment,
                                     .timeout_s = 120,
                                     .output_limit_bytes = 16 << 20,
                                     .interrupt_fd = -1 };
    struct child_result child;
    struct error error;
    int status = -1;
    *output = NULL;
    if (child_run(&request, &child, &error)) {
        *output = mem_strdup(error.text);
    } else {
        status = child.end == CHILD_EXITED ? child.status : 1000;
        *output = str_take(&child.output);
        child_release(&child);
    }
    free(whole);
    return status;
}

int package_set_up(void **state)
{
    const char *variant = getenv("PRONY_VARIANT");
    char *output;
    *state = NULL;
    if (variant && strcmp(variant, "release") != 0)
        return 0;
    struct package *package = mem_alloc(sizeof *package);
    strcpy(package->work, "/tmp/prony-package-XXXXXX");
    if (!mkdtemp(package->work))
        return -1;
    snprintf(package->variables[0], sizeof package->variables[0], "P=%s/usr", package->work);
    snprintf(package->variables[1], sizeof package->variables[1], "W=%s", package->work);
    snprintf(package->variables[2], sizeof package->variables[2], "PKG_CONFIG_PATH=%s/usr/lib/pkgconfig",
             package->work);
    snprintf(package->variables[3], sizeof package->variables[3], "LD_LIBRARY_PATH=%s/usr/lib", package->work);
    *state = package;
    if (run_line(package, &output, "make -s install PREFIX=$P") != 0) {
        print_error("make install: %s\n", output);
        return -1;
    }
    free(output);
    return 0;
}

int package_tear_down(void **state)
{
    char *output;
    if (!*state)
        return 0;
    run_line(*state, &output, "rm -rf \"$W\"");
    free(output);
    free(*state);
    return 0;
}

int package_try(void **state, char **output, const char *format, ...)
{
    va_list arguments;
    struct str line = { 0 };
    if (!*state)
        skip();
    va_start(arguments, format);
    str_vappendf(&line, format, arguments);
    va_end(arguments);
    int status = run_line(*state, output, str_text(&line));
    str_release(&line);
    return status;
}

char *package_run(void **state, const char *format, ...)
{
    va_list arguments;
    struct str line = { 0 };
    char *output;
    if (!*state)
        skip();
    va_start(arguments, format);
    str_vappendf(&line, format, arguments);
    va_end(arguments);
    int status = run_line(*state, &output, str_text(&line));
    if (status != 0)
        fail_msg("%s\nended with %d:\n%s", str_text(&line), status, output);
    str_release(&line);
    return output;
}

bool package_has(void **state, const char *command)
{
    char *output;
    int status = package_try(state, &output, "command -v %s >/dev/null", command);
    free(output);
    return status == 0;
}
