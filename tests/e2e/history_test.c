/* history_test.c: `prony history` as a user sees it: the regression without being asked, one case in all formats, and
 * what cannot be had. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "tests/support/history_fixture.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void fill(const struct world *world)
{
    struct store *store;
    struct error error;
    const struct history_fixture fixture = { .runs = 40, .processes = 5 };
    if (store_open(&store, world->database, false, &error) || history_fixture_fill(store, &fixture, NULL, &error))
        fail_msg("%s", error.text);
    store_close(store);
}

static void assert_says(const struct world *world, const char *words, const char *text)
{
    struct child_result result = { 0 };
    int status = world_prony(world, words, &result);
    if (status != 0 || !strstr(str_text(&result.output), text))
        fail_msg("prony %s: status %d\n%s%s", words, status, str_text(&result.output), str_text(&result.errors));
    child_release(&result);
}

static void test_overview(void **state)
{
    struct world *world = *state;
    fill(world);
    assert_says(world, "history", "1 of 19 cases took their newest step for the worse");
    assert_says(world, "history", history_fixture_regressed);
    assert_says(world, "history --suite tokenizer", "no case of 1 took its newest step for the worse");
}

static void test_one_case(void **state)
{
    struct world *world = *state;
    fill(world);
    char *words = mem_format("history %s", history_fixture_regressed);
    assert_says(world, words, "regressed  +6.");
    free(words);
    words = mem_format("history %s -F json", history_fixture_improved);
    assert_says(world, words, "\"verdict\": \"improved\"");
    free(words);
    words = mem_format("history %s -F markdown", history_fixture_steady);
    assert_says(world, words, "No step: now");
    free(words);
    assert_says(world, "history --filter ^decode -m tokens_per_second -n 3 -F csv", "tokens_per_second");
    assert_says(world, "history --filter ^decode -n 1", "too few runs to tell a step from luck");
}

static void test_errors(void **state)
{
    struct world *world = *state;
    world_expect_error(world, "history", "there is no such database");
    fill(world);
    world_expect_error(world, "history rope/f32/avx512/heads:14/head_size:65",
                       "did you mean rope/f32/avx512/heads:14/head_size:64");
    world_expect_error(world, "history --filter nothing", "no case matches --filter nothing");
    world_expect_error(world, "history --filter ^decode --branch nowhere", "no run of branch nowhere has real_time");
    world_expect_error(world, "history --filter ^decode --metric nonsense", "nonsense");
    world_expect_error(world, "history --filter ^decode -o all.png", "but 3 match");
    world_expect_error(world, "history -F png -o x.png", "name it");
    world_expect_error(world, "history --filter ^encode -F png", "needs -o FILE");
    world_expect_error(world, "history -F xml", "there is only text");
}

static void test_picture(void **state)
{
    struct world *world = *state;
    fill(world);
    char *path = mem_format("%s/trend.svg", world->directory), *text, program[512];
    char *words = mem_format("history %s -o %s", history_fixture_regressed, path);
    size_t length;
    if (file_find_program("gnuplot", program, sizeof program)) {
        assert_says(world, words, path);
        assert_int_equal(file_read(path, &text, &length, NULL), 0);
        assert_non_null(strstr(text, "+6."));
        assert_non_null(strstr(text, "<title>"));
        free(text);
    }
    setenv("PRONY_GNUPLOT", "/nonexistent/gnuplot", 1);
    world_expect_error(world, words, "/nonexistent/gnuplot");
    unsetenv("PRONY_GNUPLOT");
    free(words);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_overview, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_one_case, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_errors, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_picture, world_make, world_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
