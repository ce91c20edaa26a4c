/* `prony tag`: names for runs, and what list and show say of them. */
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* Two runs of a program of one case. */
static int make_runs(void **state)
{
    if (world_make(state) != 0)
        return -1;
    const struct world *world = *state;
    free(
        world_put(world, "tiny",
                  "#!/bin/sh\n"
                  "for a in \"$@\"; do case $a in --benchmark_list_tests*) echo c; exit 0;; esac; done\n"
                  "echo '{\"context\":{},\"benchmarks\":[{\"name\":\"c\",\"run_name\":\"c\",\"run_type\":\"iteration\","
                  "\"iterations\":1,\"real_time\":1.0,\"cpu_time\":1.0,\"time_unit\":\"ns\"}]}'\n"));
    world_write(world, "p.plan", "rounds = 1\n[suite tiny]\nprogram = tiny\n");
    world_expect(world, "run p.plan --no-doctor", 0);
    world_expect(world, "run p.plan --no-doctor", 0);
    return 0;
}

static void expect_output(const struct world *world, const char *words, const char *text)
{
    struct child_result result;
    assert_int_equal(world_prony(world, words, &result), 0);
    if (!strstr(str_text(&result.output), text))
        fail_msg("prony %s: no '%s' in:\n%s", words, text, str_text(&result.output));
    child_release(&result);
}

static void test_names_stand_for_runs(void **state)
{
    const struct world *world = *state;
    expect_output(world, "tag baseline latest~1 --note 'release 1'", "baseline is run 1\n");
    expect_output(world, "tag newest", "newest is run 2\n");
    expect_output(world, "tag", "baseline                  1");
    expect_output(world, "tag", "release 1\n");
    expect_output(world, "list", "[baseline]\n");
    expect_output(world, "show baseline", "run 1: p,");
    expect_output(world, "show baseline", "  [baseline]\n");
    /* A tag moves. */
    expect_output(world, "tag baseline newest", "baseline is run 2\n");
    expect_output(world, "show baseline", "  [baseline, newest]\n");
    world_expect(world, "tag --delete newest", 0);
    expect_output(world, "show 2", "  [baseline]\n");
}

static void test_wrong_names(void **state)
{
    const struct world *world = *state;
    world_expect_error(world, "tag latest~3 1", "'latest~3' cannot be a tag");
    world_expect_error(world, "tag 7 1", "'7' cannot be a tag");
    world_expect_error(world, "tag x 99", "there is no run '99'");
    world_expect_error(world, "tag a b c", "also 'c'");
    world_expect_error(world, "tag --delete nothing", "there is no tag 'nothing'");
    world_expect_error(world, "tag --delete nothing x", "--delete takes one tag");
    world_expect_error(world, "tag --note why", "--note needs a tag");
}

/* Asking for a tag must not leave an empty database behind. */
static void test_no_database(void **state)
{
    const struct world *world = *state;
    assert_int_equal(unlink(world->database), 0);
    world_expect_error(world, "tag baseline latest", "there is no such database");
    assert_int_equal(access(world->database, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names_stand_for_runs, make_runs, world_remove),
        cmocka_unit_test_setup_teardown(test_wrong_names, make_runs, world_remove),
        cmocka_unit_test_setup_teardown(test_no_database, make_runs, world_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
