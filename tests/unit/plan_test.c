/* plan_test.c: plan text, CPU lists, and the order that a seed gives. */
#include "harness/run/plan.h"
#include "harness/run/schedule.h"
#include "harness/base/file.h"
#include "harness/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int parse(struct plan *plan, const char *text, struct error *error)
{
    return plan_parse(plan, "dir/some.plan", text, strlen(text), error);
}

static void test_everything(void **state)
{
    (void)state;
    struct plan plan;
    struct error error;
    const char *text = "# a comment\n"
                       "rounds = 5\n"
                       "seed = 18446744073709551615\n"
                       "timeout = 2m\n"
                       "min_time = 0.1s\n"
                       "env = A=1\n"
                       "[suite kernels]\n"
                       "program = ./bench me\n"
                       "filter = ^a/\n"
                       "filter = ^b(c|d)$\n"
                       "args = --one  --two=2\n"
                       "args = --three\n"
                       "env = B=x=y\n"
                       "rounds = 7\n"
                       "timeout = 250ms\n"
                       "min_time = 10x\n"
                       "repetitions = 3\n"
                       "group = 4\n"
                       "cpus = 0-1,3\n"
                       "\n"
                       "[suite other]\n";
    if (parse(&plan, text, &error) != 0)
        fail_msg("%s", error.text);
    assert_string_equal(plan.name, "some");
    assert_string_equal(plan.directory, "dir");
    assert_true(plan.has_seed && plan.seed == UINT64_MAX);
    assert_int_equal(plan.suite_count, 2);
    const struct plan_suite *kernels = &plan.suites[0], *other = &plan.suites[1];
    assert_string_equal(kernels->program, "./bench me");
    assert_int_equal(kernels->filters.count, 2);
    assert_string_equal(kernels->filters.items[1], "^b(c|d)$");
    assert_int_equal(kernels->arguments.count, 3);
    assert_string_equal(kernels->arguments.items[1], "--two=2");
    assert_int_equal(kernels->environment.count, 2);
    assert_string_equal(kernels->environment.items[1], "B=x=y");
    assert_string_equal(kernels->min_time, "10x");
    assert_int_equal(kernels->rounds, 7);
    assert_int_equal(kernels->repetitions, 3);
    assert_int_equal(kernels->group, 4);
    assert_true(kernels->timeout_s == 0.25);
    assert_string_equal(kernels->cpus, "0-1,3");
    assert_string_equal(other->name, "other");
    assert_string_equal(other->program, "other");
    assert_int_equal(other->rounds, 5);
    assert_int_equal(other->group, 1);
    assert_string_equal(other->min_time, "0.1"); /* a bare number: old libraries know no suffix */
    assert_true(other->timeout_s == 120);
    assert_int_equal(other->environment.count, 1);
    assert_int_equal(other->filters.count, 0);
    plan_release(&plan);
}

/* Every mistake names file and line. */
static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } mistakes[] = {
        { "", "names no suite" },
        { "rounds = 3\n", "names no suite" },
        { "[suite]\n", ":1: [suite ]: the name must be one word" },
        { "[suite a b]\n", ":1:" },
        { "[suite ../a]\n", ":1:" },
        { "\n[sweet a]\n", ":2: unknown section [sweet]" },
        { "[suite a]\nround = 3\n", ":2: unknown key 'round'" },
        { "[suite a]\nseed = 3\n", ":2: 'seed' belongs before the first section" },
        { "filter = x\n[suite a]\n", ":1: 'filter' belongs into a [suite ...]" },
        { "[suite a]\nrounds = 0\n", ":2: rounds = 0: expected a whole number from 1" },
        { "[suite a]\nrounds = 3.5\n", ":2:" },
        { "[suite a]\nrounds = 99999999999999999999\n", ":2:" },
        { "[suite a]\ntimeout = 0\n", ":2: timeout = 0: expected a duration above zero" },
        { "[suite a]\ntimeout = soon\n", ":2:" },
        { "[suite a]\nmin_time = 0x\n", ":2:" },
        { "[suite a]\nmin_time = -1\n", ":2:" },
        { "[suite a]\nfilter = (\n", ":2: filter = (: expected a POSIX extended regular expression" },
        { "[suite a]\nfilter =\n", ":2:" },
        { "[suite a]\nfilter = -x\n", ":2: filter = -x: expected no leading '-'" },
        { "[suite a]\nfilter = ((a{9,999}){999}){99}\n", "smaller repetition counts" },
        { "[suite a]\nenv = =x\n", ":2: env = =x: expected NAME=value" },
        { "[suite a]\ncpus = 3-1\n", ":2: cpus = 3-1: expected" },
        { "[suite a]\ncpus = 1,\n", ":2:" },
        { "[suite a]\ncpus = 99999\n", ":2:" },
        { "[suite a]\nprogram =\n", ":2:" },
        { "[suite a]\nnonsense\n", ":2:" },
        { "seed = -1\n[suite a]\n", ":1: seed = -1" },
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct plan plan;
        struct error error = { 0 };
        if (parse(&plan, mistakes[i].text, &error) == 0)
            fail_msg("accepted: %s", mistakes[i].text);
        if (!str_starts(error.text, "dir/some.plan") || !strstr(error.text, mistakes[i].expected))
            fail_msg("'%s' gives '%s', which lacks '%s'", mistakes[i].text, error.text, mistakes[i].expected);
    }
    struct plan plan;
    struct error error;
    assert_int_not_equal(plan_load(&plan, "/nonexistent/x.plan", &error), 0);
    assert_non_null(strstr(error.text, "/nonexistent/x.plan"));
}

static void test_shipped_plans(void **state)
{
    (void)state;
    static const char *const paths[] = { "suites/quick.plan", "suites/nightly.plan" };
    for (size_t i = 0; i < 2; i++) {
        struct plan plan;
        struct error error;
        if (plan_load(&plan, paths[i], &error) != 0)
            fail_msg("%s", error.text);
        assert_true(plan.suite_count >= 5);
        plan_release(&plan);
    }
}

/* The example in the documentation is a plan that works. */
static void test_documented_example(void **state)
{
    (void)state;
    char *text;
    size_t size;
    assert_int_equal(file_read("docs/FORMATS.md", &text, &size, NULL), 0);
    const char *start = strstr(text, "```\n# nightly");
    assert_non_null(start);
    const char *end = strstr(start + 4, "```");
    assert_non_null(end);
    struct plan plan;
    struct error error;
    if (plan_parse(&plan, "docs/FORMATS.md", start + 4, (size_t)(end - start - 4), &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(plan.suite_count, 2);
    assert_int_equal(plan.suites[0].filters.count, 2);
    plan_release(&plan);
    free(text);
}

static void test_cpus(void **state)
{
    (void)state;
    assert_int_equal(cpus_threads_of_case("decode/m/q8_0/ctx:512/threads:2"), 2);
    assert_int_equal(cpus_threads_of_case("threads:16/x"), 16);
    assert_int_equal(cpus_threads_of_case("matvec/q8_0"), 0);
    assert_int_equal(cpus_threads_of_case("x/subthreads:4"), 0);
    assert_int_equal(cpus_threads_of_case("x/threads:"), 0);
    assert_int_equal(cpus_threads_of_case("x/threads:4k"), 0);

    struct cpus cpus = { .order = { 5, 7, 1 }, .count = 3 };
    static const struct {
        const char *setting, *name, *expected;
    } choices[] = {
        { "all", "x", "1,5,7" },         { "one", "x/threads:2", "5" },    { "auto", "x", "1,5,7" },
        { "auto", "x/threads:1", "5" },  { "auto", "x/threads:2", "5,7" }, { "auto", "x/threads:64", "1,5,7" },
        { "5,7", "x/threads:1", "5,7" },
    };
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        cpu_set_t set;
        char text[64];
        assert_int_equal(cpus_choose(&cpus, choices[i].setting, choices[i].name, &set, NULL), 0);
        assert_string_equal(cpus_format(&set, text, sizeof text), choices[i].expected);
    }
    cpu_set_t set;
    assert_int_not_equal(cpus_choose(&cpus, "0-1", "x", &set, NULL), 0); /* CPU 0 is not ours */
    struct cpus real;
    assert_int_equal(cpus_detect(&real, "/nonexistent", NULL), 0);
    assert_true(real.count >= 1);
    assert_true(real.count == 1 || real.order[0] != 0); /* CPU 0 is the last choice */
}

/* ---- the schedule ---- */

enum { CASES = 20, OTHER_CASES = 7 };

static void make_suites(struct schedule_suite *suites, cpu_set_t *cpus, int group)
{
    for (size_t i = 0; i < CASES; i++) {
        CPU_ZERO(&cpus[i]);
        CPU_SET(i % 2, &cpus[i]);
    }
    suites[0] = (struct schedule_suite){ .cpus = cpus, .case_count = CASES, .rounds = 3, .group = group };
    suites[1] = (struct schedule_suite){ .cpus = cpus, .case_count = OTHER_CASES, .rounds = 1, .group = 1 };
}

/* Every case of the suites of this round appears exactly once; no unit mixes CPUs or is too large. */
static void check_round(const struct schedule_suite *suites, const struct schedule_unit *units, size_t count, int round)
{
    int seen[2][CASES] = { { 0 } };
    for (size_t i = 0; i < count; i++) {
        const struct schedule_suite *suite = &suites[units[i].suite];
        assert_in_range(units[i].case_count, 1, suite->group);
        for (size_t k = 0; k < units[i].case_count; k++) {
            seen[units[i].suite][units[i].cases[k]]++;
            assert_true(CPU_EQUAL(&suite->cpus[units[i].cases[k]], &suite->cpus[units[i].cases[0]]));
        }
    }
    for (size_t k = 0; k < CASES; k++)
        assert_int_equal(seen[0][k], 1);
    for (size_t k = 0; k < OTHER_CASES; k++)
        assert_int_equal(seen[1][k], round == 0);
}

static bool same_order(const struct schedule_unit *a, size_t a_count, const struct schedule_unit *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (a[i].suite != b[i].suite || a[i].case_count != b[i].case_count ||
            memcmp(a[i].cases, b[i].cases, a[i].case_count * sizeof *a[i].cases) != 0)
            return false;
    return true;
}

static void test_schedule(void **state)
{
    (void)state;
    for (int group = 1; group <= 8; group += 7) {
        struct arena arena = { 0 };
        struct schedule_suite suites[2];
        cpu_set_t cpus[CASES];
        make_suites(suites, cpus, group);
        struct schedule_unit *units[4];
        size_t counts[4];
        for (int round = 0; round < 3; round++) {
            schedule_round(suites, 2, 42, round, &arena, &units[round], &counts[round]);
            check_round(suites, units[round], counts[round], round);
        }
        assert_int_equal(counts[1], group == 1 ? CASES : 4); /* two CPU sets of ten cases in groups of eight */
        assert_false(same_order(units[1], counts[1], units[2], counts[2]));
        schedule_round(suites, 2, 42, 1, &arena, &units[3], &counts[3]);
        assert_true(same_order(units[1], counts[1], units[3], counts[3]));
        schedule_round(suites, 2, 43, 1, &arena, &units[3], &counts[3]);
        assert_false(same_order(units[1], counts[1], units[3], counts[3]));
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything),    cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_shipped_plans), cmocka_unit_test(test_documented_example),
        cmocka_unit_test(test_cpus),          cmocka_unit_test(test_schedule),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
