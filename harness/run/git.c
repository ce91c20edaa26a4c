/* git.c: see git.h. */
#include "harness/run/git.h"
#include "harness/base/str.h"
#include "harness/run/child.h"
#include "harness/run/runner_internal.h"
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_S = 600, WORD_LIMIT = 16, OUTPUT_LIMIT = 16 << 20 };

static const char *last_line(struct arena *arena, const struct str *errors)
{
    const char *text = text_clean_tail(arena, str_text(errors), errors->length, 400), *line = strrchr(text, '\n');
    return line ? line + 1 : text;
}

static const char *trimmed(struct arena *arena, const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    return arena_strndup(arena, text, length);
}

int git_run(const char *directory, const char *const *words, int interrupt_fd, struct arena *arena, const char **answer,
            struct error *error)
{
    static const char *const environment[] = { "LC_ALL=C", "LANGUAGE=", "GIT_TERMINAL_PROMPT=0", NULL };
    const char *arguments[WORD_LIMIT + 4] = { "git", "-C", directory };
    for (size_t i = 0; words[i] && i < WORD_LIMIT; i++)
        arguments[i + 3] = words[i];
    struct child_request request = { .arguments = arguments,
                                     .environment = environment,
                                     .timeout_s = TIMEOUT_S,
                                     .output_limit_bytes = OUTPUT_LIMIT,
                                     .interrupt_fd = interrupt_fd };
    struct child_result result = { 0 };
    struct error problem;
    char text[128];
    int code = 0;
    if (child_run(&request, &result, &problem) != 0)
        return error_set(error, ERROR_UNSUPPORTED, "git is needed, and cannot be started: %s", problem.text);
    if (answer)
        *answer = trimmed(arena, str_text(&result.output));
    if (result.end == CHILD_INTERRUPTED)
        code = error_set(error, ERROR_STATE, "interrupted");
    else if (result.end != CHILD_EXITED || result.status != 0)
        code = error_set(error, ERROR_IO, "git %s in %s: %s", words[0], directory,
                         result.errors.length ? last_line(arena, &result.errors)
                                              : child_describe(&result, &request, text, sizeof text));
    child_release(&result);
    return code;
}

void git_forget_environment(void)
{
    static const char *const names[] = { "GIT_DIR",       "GIT_WORK_TREE",           "GIT_INDEX_FILE",
                                         "GIT_PREFIX",    "GIT_COMMON_DIR",          "GIT_OBJECT_DIRECTORY",
                                         "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES", "GIT_QUARANTINE_PATH" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}
