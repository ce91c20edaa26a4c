/* compare_test.c: `prony compare` on runs of a made-up suite, as a user would. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Cases op:a and op:b; the files "speed" and "digest" say what comes out, "broken" that op:b fails. */
static const char suite[] =
    "#!/bin/sh\n"
    "filter=; for a; do case $a in\n"
    "  --benchmark_list_tests*) echo op/a; echo op/b; exit 0;;\n"
    "  --benchmark_filter=*) filter=${a#*=};;\n"
    "esac; done\n"
    "speed=$(cat speed) digest=$(cat digest)\n"
    "printf '{\"context\": {}, \"benchmarks\": ['\n"
    "comma=; for c in op/a op/b; do\n"
    "  echo $c | grep -qE \"$filter\" || continue\n"
    "  printf '%s{\"name\": \"%s\", \"run_type\": \"iteration\", \"iterations\": 10, \"real_time\": %d,' \"$comma\" $c $speed\n"
    "  printf ' \"cpu_time\": %d, \"time_unit\": \"us\", \"prony_output_digest\": \"%s\"' $speed $digest\n"
    "  [ -e broken ] && [ $c = op/b ] && printf ', \"error_occurred\": true, \"error_message\": \"no good\"'\n"
    "  printf '}'; comma=,\n"
    "done; echo ']}'\n";

static void run_with(const struct world *world, const char *speed, const char *digest, const char *words)
{
    world_write(world, "speed", speed);
    world_write(world, "digest", digest);
    char *line = mem_format("run p.plan -q %s", words);
    world_expect(world, line, 0);
    free(line);
}

static int make(void **state)
{
    if (world_make(state) != 0)
        return -1;
    world_write(*state, "suite", suite);
    world_write(*state, "p.plan", "rounds = 6\n[suite suite]\nprogram = suite\n");
    return 0;
}

/* Runs the comparison; its status must be the one given, and its output hold the text. */
static void expect(const struct world *world, const char *words, int status, const char *text)
{
    struct child_result result;
    int got = world_prony(world, words, &result);
    if (got != status || !strstr(str_text(&result.output), text))
        fail_msg("prony %s: status %d instead of %d, or no '%s' in:\n%s%s", words, got, status, text,
                 str_text(&result.output), str_text(&result.errors));
    child_release(&result);
}

static void test_verdicts(void **state)
{
    struct world *world = *state;
    run_with(world, "1000", "aa", ""); /* 1 */
    run_with(world, "1001", "aa", ""); /* 2: the same */
    run_with(world, "1200", "aa", ""); /* 3: slower */
    run_with(world, "500", "bb", "");  /* 4: faster and wrong */
    run_with(world, "1500", "aa", "--rounds 2");
    expect(world, "compare 1 2", 0, "not interleaved");
    expect(world, "compare 1 3", 1, "regressed");
    expect(world, "compare 3 1", 0, "improved");
    expect(world, "compare 1 4", 1, "wrong output");
    expect(world, "compare 1 latest", 3, "insufficient");
    expect(world, "compare 1 2 3", 1, "regressed");
    expect(world, "compare 1 1", 0, "same run");
    expect(world, "compare 1 3 --floor 30", 0, "equivalent");
    expect(world, "compare 1 3 --filter 'op/a$'", 1, "op/a");
    expect(world, "compare 1 3 --format json", 1, "\"regressed\"");
}

static void test_names(void **state)
{
    struct world *world = *state;
    run_with(world, "1000", "aa", "");
    run_with(world, "1200", "aa", "");
    world_expect_error(world, "compare latest", "no run with the tag baseline");
    world_expect(world, "tag baseline 1", 0);
    expect(world, "compare latest", 1, "regressed");
    expect(world, "compare", 1, "regressed");
    expect(world, "compare t.db:1 t.db:2", 1, "regressed");
    expect(world, "compare t.db:baseline ./t.db", 1, "regressed");
    world_expect_error(world, "compare 1 nosuch", "there is no run 'nosuch'");
    world_expect_error(world, "compare 1 t.db:9", "there is no run '9'");
    world_expect_error(world, "compare 1 speed.txt", "there is no run 'speed.txt'");
    world_expect_error(world, "compare 1 2 --floor x", "not a number of percent");
    world_expect_error(world, "compare 1 2 --floor -3", "");
    world_expect_error(world, "compare 1 2 --db nosuch.db", "nosuch.db");
    world_write(world, "torn.json", "{\"context\": {}, \"benchmarks\": [");
    world_expect_error(world, "compare 1 ./torn.json", "torn.json");
}

static void test_files_of_other_tools(void **state)
{
    struct world *world = *state;
    world_write(world, "a.json",
                "{\"context\": {\"date\": \"2026-01-01T00:00:00+00:00\", \"host_name\": \"h\"}, \"benchmarks\": ["
                "{\"name\": \"BM_x\", \"run_name\": \"BM_x\", \"run_type\": \"iteration\", \"iterations\": 10,"
                "\"real_time\": 100, \"cpu_time\": 100, \"time_unit\": \"ns\"}]}");
    expect(world, "compare a.json a.json", 3, "insufficient");
    world_expect_error(world, "list", "t.db"); /* the user's database was not made by that */
}

static void test_implementations(void **state)
{
    struct world *world = *state;
    world_write(world, "speed", "100");
    world_write(world, "digest", "aa");
    world_write(world, "q.plan", "rounds = 6\n[suite one]\nprogram = suite\n[suite two]\nprogram = suite\n");
    world_expect(world, "run q.plan -q", 0);
    expect(world, "compare --by suite", 0, "baseline");
    expect(world, "compare latest --by engine --baseline two --format json", 0, "\"baseline\": \"two\"");
    expect(world, "compare --by suite -o out.md --format text", 0, "same");
    world_expect_error(world, "compare --by threads", "no two cases differ in their threads");
    world_expect_error(world, "compare 1 1 --by suite", "one run at a time");
    world_expect_error(world, "compare --by suite --format html", "text, markdown or json");
    world_expect_error(world, "compare 1 1 --baseline two", "--baseline says");
}

static void test_failures(void **state)
{
    struct world *world = *state;
    run_with(world, "1000", "aa", "");
    world_write(world, "broken", "");
    struct child_result result;
    assert_int_equal(world_prony(world, "run p.plan -q", &result), 0);
    child_release(&result);
    expect(world, "compare 1 2", 1, "no good");
    world_expect_error(world, "compare 1 2 --metric nosuch", "no case has the metric nosuch on both sides");
    expect(world, "compare 1 2 --metric cpu_time", 1, "no good");
    world_expect(world, "run p.plan -q --filter 'op/a'", 0);
    expect(world, "compare 1 3", 0, "left out"); /* did not mean to measure op/b */
    world_write(world, "other", suite);
    world_write(world, "q.plan", "rounds = 6\n[suite other]\nprogram = suite\n");
    world_expect(world, "run q.plan -q --filter 'op/a'", 0);
    expect(world, "compare 1 4", 2, "share no case");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, world_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_verdicts),        TEST(test_names),    TEST(test_files_of_other_tools),
        TEST(test_implementations), TEST(test_failures),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
