/* Allocation profiles as a user gets them: by prony profile, and files of a suite shown by prony flame. */
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HEAD                                                                                                 \
    "prony-allocations 1\ncase decode/tiny\noperations 10\nallocations 40\nbytes 4000\ninterval_bytes 100\n" \
    "seed 1\nlost 0\nmaps\n1000-2000 r-xp 00000000 00:00 0 \nthread 7 worker\nsamples\n"

static void expect_output(struct world *world, const char *words, const char *const *texts)
{
    struct child_result result;
    if (world_prony(world, words, &result) != 0)
        fail_msg("%s", str_text(&result.errors));
    for (size_t i = 0; texts[i]; i++)
        if (!strstr(str_text(&result.output), texts[i]))
            fail_msg("no '%s' in:\n%s", texts[i], str_text(&result.output));
    child_release(&result);
}

static void test_file(void **state)
{
    struct world *world = *state;
    world_write(world, "a.txt", HEAD "3000 30 0 7 1010 1020\n1024 10 1 7 1011 1020\nend\n");
    static const char *const table[] = { "decode/tiny\n",
                                         "2 samples",
                                         "3.93 KiB in all",
                                         "4 allocations and 400 bytes an operation (exact)",
                                         "decode/tiny: not freed\nmalloc, not freed, 1 sample",
                                         NULL };
    expect_output(world, "flame a.txt", table);
    static const char *const folded[] = { "worker;[unknown];[unknown] 4024\n", NULL };
    expect_output(world, "flame a.txt --filter tiny$ --format folded", folded);
    static const char *const page[] = { "<html", "decode/tiny", NULL };
    expect_output(world, "flame a.txt --filter freed -F html -o -", page);
}

static void test_wrong_files(void **state)
{
    struct world *world = *state;
    world_write(world, "cut.txt", HEAD "3000 30 0 7 1010 1020\n");
    world_expect_error(world, "flame cut.txt", "cut.txt: line 13: it ends before 'end'");
    world_write(world, "a.txt", HEAD "end\n");
    world_expect_error(world, "flame a.txt --filter nothing", "none of its profiles matches 'nothing'");
}

/* A suite with one case; more comes before its result. */
#define SUITE(more)                                                                                         \
    "#!/bin/sh\ncase \"$*\" in *list_tests*) echo decode/tiny; exit 0;; esac\n" more                        \
    "echo '{\"context\": {}, \"benchmarks\": [{\"name\": \"decode/tiny\", \"run_type\": \"iteration\", '\n" \
    "echo '\"iterations\": 10, \"real_time\": 1, \"cpu_time\": 1, \"time_unit\": \"us\"}]}'\n"

static void test_suite(void **state)
{
    struct world *world = *state;
    world_write(world, "section", HEAD "3000 30 0 7 1010 1020\n1024 10 1 7 1011 1020\nend\n");
    char *suite = world_put(world, "suite",
                            SUITE("[ $PRONY_ALLOCATION_INTERVAL = 64 ] || exit 3\n"
                                  "cat section >>$PRONY_ALLOCATION_PROFILE\n"));
    static const char *const table[] = { "3.93 KiB in all", "decode/tiny: not freed\n", NULL };
    expect_output(world, "profile ./suite --allocations --interval 64", table);
    assert_int_equal(world_query(world, "SELECT count(*) FROM profile WHERE kind = 'allocations' AND unit = 'B'"), 2);
    static const char *const graph[] = { "worker;[unknown];[unknown] 1024\n", NULL };
    expect_output(world, "flame --filter freed --format folded", graph);
    free(suite);
}

static void test_suite_without_allocations(void **state)
{
    struct world *world = *state;
    world_write(world, "section", HEAD "end\n");
    char *suite = world_put(world, "suite", SUITE("cat section >>$PRONY_ALLOCATION_PROFILE\n"));
    static const char *const text[] = { "decode/tiny allocates nothing in its loop (10 operations)", NULL };
    expect_output(world, "profile ./suite --allocations", text);
    free(suite);
}

static void test_suites_that_cannot(void **state)
{
    struct world *world = *state;
    char *foreign = world_put(world, "foreign", SUITE(""));
    char *broken = world_put(world, "broken", SUITE("echo section >$PRONY_ALLOCATION_PROFILE\n"));
    char *plain = world_put(world, "plain", SUITE("echo 'it is not counted' >&2; exit 1\n"));
    world_expect_error(world, "profile ./foreign -a", "it is not linked with prony's libbenchmark");
    world_expect_error(world, "profile ./broken -a", "line 1: not a profile of allocations");
    world_expect_error(world, "profile ./plain -a", "decode/tiny: exited with status 1: it is not counted");
    world_expect_error(world, "profile -a -- true", "--allocations is for suites");
    world_expect_error(world, "profile ./plain --interval 5", "--interval is for --allocations");
    free(foreign);
    free(broken);
    free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_wrong_files, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_suite, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_suite_without_allocations, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_suites_that_cannot, world_make, world_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
