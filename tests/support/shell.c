#include "tests/support/shell.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

char *shell_output(void **state, int status, const char *line)
{
    const struct world *world = *state;
    char *root = realpath(".", NULL);
    char *script =
        mem_format("set -e; exec 2>&1; cd '%s'; export W=$PWD ROOT='%s' PRONY='%s' PRONY_NO_DOCTOR=1 HOME=$PWD\n"
                   "export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t "
                   "GIT_COMMITTER_EMAIL=t@t\nunset ${!GITHUB_*} ${!CI_*} PRONY_DB PRONY_OUT PRONY_POLICY\n%s\n",
                   world->directory, root, world->prony, line);
    const char *const arguments[] = { "bash", "-c", script, NULL };
    struct child_request request = {
        .arguments = arguments, .timeout_s = 240, .output_limit_bytes = 8 << 20, .interrupt_fd = -1
    };
    struct child_result result;
    assert_int_equal(child_run(&request, &result, NULL), 0);
    if (result.end != CHILD_EXITED || result.status != status)
        fail_msg("expected status %d, got %d of: %s\n%s", status, result.status, line, str_text(&result.output));
    char *output = str_take(&result.output);
    child_release(&result);
    free(script);
    free(root);
    return output;
}

void shell_run(void **state, const char *line)
{
    free(shell_output(state, 0, line));
}

void shell_expect(void **state, int status, const char *line, const char *text)
{
    char *output = shell_output(state, status, line);
    if (!strstr(output, text))
        fail_msg("'%s' is not in what this said: %s\n%s", text, line, output);
    free(output);
}

void shell_skip_unless(void **state, const char *line, const char *what)
{
    char *asked = mem_format("{ %s; } >/dev/null 2>&1 && echo there || true", line);
    char *output = shell_output(state, 0, asked);
    bool there = *output != '\0';
    free(output);
    free(asked);
    if (!there) {
        print_message("skipped: no %s\n", what);
        skip();
    }
}
