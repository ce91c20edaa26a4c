/* calibrate_test.c: `prony calibrate` with suites whose times are made up: noise that depends on the process only, and
 * a program that runs faster the second time it is asked. */
#include "harness/base/str.h"
#include "harness/store/store.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Cases a and b. Times scatter by 1 % with the size of the environment, and by a counter of all processes. */
static const char suite_text[] =
    "#!/bin/sh\n"
    "c= n=\n"
    "for a; do case $a in\n"
    "  --benchmark_list_tests*) for i in a b c d; do echo $i; done; exit 0;;\n"
    "  --benchmark_filter=*) c=${a#*=^}; c=${c%?};;\n"
    "  --benchmark_min_time=*x) n=${a#*=}; n=${n%x};;\n"
    "esac; done\n"
    "echo >>count; k=$(wc -l <count)\n"
    "t=$((1000000 + (k * k * 7919 + ${#PRONY_PADDING} * 31) % 9973))\n"
    "printf '{\"benchmarks\": [{\"name\": \"%s\", \"run_type\": \"iteration\", \"iterations\": %s, \"real_time\": %s, ' \\\n"
    "  $c ${n:-50} $t\n"
    "printf '\"cpu_time\": %s, \"time_unit\": \"ns\"}]}' $t\n";

static void expect(const struct world *world, const char *words, int status, const char *said)
{
    struct child_result result;
    int got = world_prony(world, words, &result);
    if (got != status || (said && !strstr(str_text(&result.output), said) && !strstr(str_text(&result.errors), said)))
        fail_msg("prony %s: status %d instead of %d, or it did not say '%s':\n%s\n%s", words, got, status,
                 said ? said : "", str_text(&result.output), str_text(&result.errors));
    child_release(&result);
}

static void test_calibrate(void **state)
{
    struct world *world = *state;
    world_write(world, "suite", suite_text);
    expect(world, "calibrate ./suite --seed 4 --blocks 3 --repeat 2 -q", 0, " in 8 tests (");
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE kind = 'aa' AND identical_binaries"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM run"), 4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM outcomes WHERE p IS NOT NULL"), 8);
    expect(world, "calibrate --show", 0, " in 8 tests (");
    expect(world, "calibrate --show", 0, "2  suite d");
    /* identical binaries are A/A data of prony ab, too */
    expect(world, "ab ./suite ./suite --seed 4 --fixed --blocks 3 -q", 0, " in 12 tests (");
}

/* Outcomes as a machine would leave them on which the second process of a pair always runs slower. */
static void test_out_of_band(void **state)
{
    struct world *world = *state;
    world_write(world, "suite", suite_text);
    expect(world, "calibrate ./suite --seed 4 --blocks 3 -q", 0, NULL);
    struct store *store = NULL;
    struct store_outcome wrong = { .suite = "suite",
                                   .metric = "real_time",
                                   .effect = 0.05,
                                   .low = 0.04,
                                   .high = 0.06,
                                   .p = 0.001,
                                   .pairs = 10,
                                   .verdict = "regressed" };
    assert_int_equal(store_open(&store, world->database, false, NULL), 0);
    static const char *const names[] = { "e", "f", "g", "h", "i" };
    for (size_t i = 0; i < 5; i++) {
        wrong.name = names[i];
        assert_int_equal(store_outcomes_add(store, 1, &wrong, 1, NULL), 0);
    }
    store_close(store);
    expect(world, "calibrate --show", 1, "of 9 tests of equal builds gave p <= 0.05");
    expect(world, "calibrate --show", 1, "OUT OF ITS BAND");
    expect(world, "calibrate --show", 1, "5.13 %            1  suite e");
}

static void test_bad_input(void **state)
{
    struct world *world = *state;
    world_expect_error(world, "calibrate a b", "one build is measured against itself");
    world_expect_error(world, "calibrate --show x", "--show measures nothing");
    world_expect_error(world, "calibrate --blocks 2", "fewer than 6 can never alarm");
    world_expect_error(world, "calibrate ./missing", "missing");
    world_write(world, "broken", "#!/bin/sh\nexit 3\n");
    expect(world, "calibrate ./broken -q", 2, NULL);
}

/* Nothing known is no error, but is said. */
static void test_never(void **state)
{
    struct world *world = *state;
    world_write(world, "suite", suite_text);
    struct child_result result;
    assert_int_equal(world_prony(world, "ab ./suite ./suite --dry-run", &result), 0);
    child_release(&result);
    expect(world, "calibrate --show", 2, NULL); /* there is no database yet */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_calibrate, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_out_of_band, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_bad_input, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_never, world_make, world_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
