/* git.c: git as a child process. */
#include "harness/cli/git.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/child.h"
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_LIMIT = 16 << 20, WORD_LIMIT = 64 };

static void cut_newlines(struct str *text)
{
    while (text->length > 0 && text->data[text->length - 1] == '\n')
        text->data[--text->length] = 0;
}

int git_ask(const char *directory, const char *const *words, struct arena *arena, const char **answer,
            struct error *error)
{
    static const char *const environment[] = { "LC_ALL=C", "LANGUAGE=", "GIT_TERMINAL_PROMPT=0", NULL };
    const char *arguments[WORD_LIMIT] = { "git", "-C", directory };
    size_t count = 3;
    while (*words && count + 1 < WORD_LIMIT)
        arguments[count++] = *words++;
    struct child_request request = { .arguments = arguments,
                                     .environment = environment,
                                     .timeout_s = 300,
                                     .output_limit_bytes = OUTPUT_LIMIT,
                                     .interrupt_fd = -1 };
    struct child_result result = { 0 };
    char described[128];
    int code = child_run(&request, &result, error);
    if (code) {
        code = error_set(error, ERROR_UNSUPPORTED, "git is needed for that, and it is not there");
    } else {
        cut_newlines(&result.output);
        cut_newlines(&result.errors);
        if (answer)
            *answer = arena_strdup(arena, str_text(&result.output));
        const char *last = strrchr(str_text(&result.errors), '\n');
        last = last ? last + 1 : str_text(&result.errors);
        if (result.end != CHILD_EXITED || result.status != 0)
            code = error_set(error, ERROR_STATE, "git %s: %s", arguments[3],
                             *last ? last : child_describe(&result, &request, described, sizeof described));
    }
    child_release(&result);
    return code;
}

void git_forget_environment(void)
{
    static const char *const names[] = { "GIT_DIR",    "GIT_WORK_TREE",        "GIT_INDEX_FILE",
                                         "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}
