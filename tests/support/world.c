/* world.c: see world.h. */
#include "tests/support/world.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/store/store_internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

bool world_is_left_out(bool needs_git)
{
    const char *variant = getenv("PRONY_VARIANT"), *reason = NULL;
    char path[4096];
    if (variant && str_equal(variant, "tsan"))
        reason = "one thread: nothing for the thread sanitizer";
    else if (needs_git && !file_find_program("git", path, sizeof path))
        reason = "git is not installed";
    if (reason)
        printf("1..1\nok 1 - all # SKIP %s\n", reason);
    return reason;
}

int world_make(void **state)
{
    struct world *world = mem_alloc(sizeof *world);
    strcpy(world->directory, "/tmp/prony-run-XXXXXX");
    assert_non_null(mkdtemp(world->directory));
    const char *bin = getenv("PRONY_BIN");
    char *relative = mem_format("%s/prony", bin && *bin ? bin : "build/bin");
    world->prony = realpath(relative, NULL);
    if (!world->prony)
        fail_msg("%s is not there; make build first", relative);
    free(relative);
    world->database = mem_format("%s/t.db", world->directory);
    *state = world;
    return 0;
}

int world_remove(void **state)
{
    struct world *world = *state;
    const char *const arguments[] = { "rm", "-rf", world->directory, NULL };
    struct child_request request = { .arguments = arguments, .interrupt_fd = -1 };
    struct child_result result;
    if (child_run(&request, &result, NULL) == 0)
        child_release(&result);
    free(world->prony);
    free(world->database);
    free(world);
    return 0;
}

char *world_put(const struct world *world, const char *name, const char *text)
{
    char *path = mem_format("%s/%s", world->directory, name);
    assert_int_equal(file_write(path, text, strlen(text), NULL), 0);
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

void world_write(const struct world *world, const char *name, const char *text)
{
    free(world_put(world, name, text));
}

/* Runs `prony words...` in the world's directory. Its stdout and stderr are in *result. Returns the exit status. */
int world_prony(const struct world *world, const char *words, struct child_result *result)
{
    char *script =
        mem_format("cd '%s' && PRONY_NO_DOCTOR=1 PRONY_DB=t.db exec '%s' %s", world->directory, world->prony, words);
    const char *const arguments[] = { "/bin/sh", "-c", script, NULL };
    struct child_request request = {
        .arguments = arguments, .timeout_s = 60, .output_limit_bytes = 1 << 20, .interrupt_fd = -1
    };
    assert_int_equal(child_run(&request, result, NULL), 0);
    free(script);
    if (result->end != CHILD_EXITED)
        fail_msg("prony %s did not exit by itself: %s", words, str_text(&result->errors));
    return result->status;
}

/* As prony, with the expected status; the output is thrown away. */
void world_expect(const struct world *world, const char *words, int status)
{
    struct child_result result;
    int got = world_prony(world, words, &result);
    if (got != status)
        fail_msg("prony %s: exit status %d instead of %d: %s", words, got, status, str_text(&result.errors));
    child_release(&result);
}

void world_expect_error(const struct world *world, const char *words, const char *text)
{
    struct child_result result;
    int got = world_prony(world, words, &result);
    if (got != 2 || !strstr(str_text(&result.errors), text) || result.output.length != 0)
        fail_msg("prony %s: exit status %d, said '%s' instead of '%s'", words, got, str_text(&result.errors), text);
    child_release(&result);
}

int64_t world_query(const struct world *world, const char *sql)
{
    struct store *store;
    struct error error;
    int64_t value = -1;
    if (store_open(&store, world->database, true, &error) != 0 || store_query_int(store, sql, &value, &error) != 0)
        fail_msg("%s", error.text);
    store_close(store);
    return value;
}
