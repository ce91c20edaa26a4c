/* probe_groups: formulas, the text format, what people ask for, and the split into passes. */
#include "harness/base/file.h"
#include "harness/base/str.h"
#include "harness/probe/probe_groups.h"
#include "harness/probe/probe_metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int begin(void **state)
{
    static struct arena arena;
    arena = (struct arena){ 0 };
    *state = &arena;
    return 0;
}

static int end(void **state)
{
    arena_release(*state);
    return 0;
}

/* ---- formulas ---- */

static bool lookup(void *context, const char *name, double *value)
{
    (void)context;
    static const struct {
        const char *name;
        double value;
    } values[] = { { "two", 2 }, { "three", 3 }, { "zero", 0 }, { "perf::PAGE-FAULTS", 7 }, { "A:B.c", 5 } };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (!str_equal(values[i].name, name))
            continue;
        *value = values[i].value;
        return true;
    }
    return false;
}

static void expect_number(struct arena *arena, const char *expression, double expected)
{
    struct probe_formula formula = { .name = "f", .unit = "", .expression = expression };
    double value = -1;
    const char *missing = "x";
    assert_true(probe_formula_evaluate(&formula, lookup, NULL, arena, &value, &missing));
    assert_true(value == expected);
    assert_null(missing);
}

static void test_arithmetic(void **state)
{
    expect_number(*state, "1 + 2 * 3", 7);
    expect_number(*state, "(1 + 2) * 3", 9);
    expect_number(*state, "10 - 2 - 3", 5);
    expect_number(*state, "100 / 5 / 2", 10);
    expect_number(*state, "-two + - -three", 1);
    expect_number(*state, "100*two/(three-1)", 100);
    expect_number(*state, "1e3 * .5 + 2.5E-1", 500.25);
    expect_number(*state, "{perf::PAGE-FAULTS} - A:B.c", 2);
    expect_number(*state, " ( ( two ) ) ", 2);
    expect_number(*state, "0 / two", 0);
}

static void expect_error(struct arena *arena, const char *expression, int code, const char *text, const char *missing)
{
    struct probe_formula formula = { .name = "f", .unit = "", .expression = expression };
    double value;
    const char *name;
    struct error error;
    assert_int_equal(probe_formula_compute(&formula, lookup, NULL, arena, &value, &name, &error), code);
    if (!strstr(error.text, text))
        fail_msg("%s: %s", expression, error.text);
    assert_true(str_equal(name, missing));
    assert_false(probe_formula_evaluate(&formula, lookup, NULL, arena, &value, &name));
}

static void test_formula_errors(void **state)
{
    char deep[400];
    expect_error(*state, "two / zero", ERROR_NUMERIC, "division by zero", NULL);
    expect_error(*state, "two / (three - 3)", ERROR_NUMERIC, "character 5: division by zero", NULL);
    expect_error(*state, "1e308 * 1e308", ERROR_NUMERIC, "not finite", NULL);
    expect_error(*state, "two / cycles + one", ERROR_STATE, "no value of cycles", "cycles");
    expect_error(*state, "(two + three", ERROR_FORMAT, "a ) is missing", NULL);
    expect_error(*state, "two + three)", ERROR_FORMAT, "never opened", NULL);
    expect_error(*state, "two +", ERROR_FORMAT, "something is missing here", NULL);
    expect_error(*state, "", ERROR_FORMAT, "something is missing here", NULL);
    expect_error(*state, "two three", ERROR_FORMAT, "expected + - * / or the end", NULL);
    expect_error(*state, "two & three", ERROR_FORMAT, "expected + - * / or the end", NULL);
    expect_error(*state, "* two", ERROR_FORMAT, "expected a number", NULL);
    expect_error(*state, "{two", ERROR_FORMAT, "not closed", NULL);
    expect_error(*state, "{}", ERROR_FORMAT, "no name", NULL);
    expect_error(*state, "1.2.3", ERROR_FORMAT, "not a number", NULL);
    expect_error(*state, "cycles + (", ERROR_FORMAT, "something is missing", "cycles");
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    expect_error(*state, deep, ERROR_FORMAT, "nested too deep", NULL);
    memset(deep, '-', sizeof deep - 1);
    expect_error(*state, deep, ERROR_FORMAT, "nested too deep", NULL);
}

/* ---- texts ---- */

static int parse(struct arena *arena, const char *text, struct probe_group *group, struct error *error)
{
    return probe_group_parse(group, "x.group", text, strlen(text), arena, error);
}

static void test_group_text(void **state)
{
    struct probe_group group;
    struct error error;
    const char *text =
        "# what it is for\r\n# more\nmetrics = cycles, X:Y=1,cycles\nmetrics = instructions\n\n[formulas]\n"
        "ipc = instructions / cycles\nclock [GHz] = cycles / time_ns\n";
    assert_int_equal(parse(*state, text, &group, &error), 0);
    assert_string_equal(group.summary, "what it is for");
    assert_int_equal(group.metric_count, 3);
    assert_string_equal(group.metrics[1], "X:Y=1");
    assert_int_equal(group.formula_count, 2);
    assert_string_equal(group.formulas[0].name, "ipc");
    assert_string_equal(group.formulas[0].unit, "");
    assert_string_equal(group.formulas[1].name, "clock");
    assert_string_equal(group.formulas[1].unit, "GHz");
    assert_string_equal(group.formulas[1].expression, "cycles / time_ns");
}

static void test_bad_group_texts(void **state)
{
    static const struct {
        const char *text, *error;
    } bad[] = {
        { "", "x.group: there are no metrics" },
        { "# only words\n", "no metrics" },
        { "metrics = \n", "x.group:1: '' is not a name" },
        { "metrics = a b\n", "x.group:1: 'a b' is not a name" },
        { "events = a\n", "x.group:1: expected metrics" },
        { "metrics = a\n[formula x]\n", "x.group:2: there is only one section" },
        { "metrics = a\n[formulas]\nx = (a\n", "x.group:3: '(a', character 3: a ) is missing" },
        { "metrics = a\n[formulas]\nx [GHz = a\n", "x.group:3: a unit stands in brackets" },
        { "metrics = a\n[formulas]\nx y = a\n", "x.group:3: 'x y' is not a name" },
        { "metrics = a\n[formulas]\ncycles = a\n", "x.group:3: cycles is a metric" },
        { "metrics = a\n[formulas]\nx = a\nx = a + 1\n", "x.group:4: two formulas are called x" },
    };
    struct probe_group group;
    struct error error;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(*state, bad[i].text, &group, &error), ERROR_FORMAT);
        if (!strstr(error.text, bad[i].error))
            fail_msg("%s", error.text);
    }
}

static void test_shipped_groups(void **state)
{
    const struct probe_group *groups;
    size_t count;
    probe_groups_shipped(*state, &groups, &count);
    assert_true(count >= 8);
    for (size_t i = 0; i < count; i++) {
        assert_true(groups[i].summary[0] && groups[i].metric_count && groups[i].formula_count);
        for (size_t k = 0; k < groups[i].metric_count; k++)
            assert_non_null(probe_metric_find(groups[i].metrics[k]));
    }
    struct probe_group all; /* no two of them use one name for two things */
    assert_int_equal(
        probe_groups_resolve(&all, "software,basic,cache,tlb,stalls,memory,flops,int8,energy", *state, NULL), 0);
}

/* ---- requests ---- */

static void test_requests(void **state)
{
    struct probe_group group;
    struct error error;
    assert_int_equal(probe_groups_resolve(&group, " basic, page_faults,,cycles,perf::CPU-MIGRATIONS", *state, &error),
                     0);
    assert_int_equal(group.metric_count, 7);
    assert_string_equal(group.metrics[5], "page_faults");
    assert_string_equal(group.metrics[6], "perf::CPU-MIGRATIONS");
    assert_int_equal(group.formula_count, 3);
    assert_int_equal(probe_groups_resolve(&group, "basic,cylces", *state, &error), ERROR_USAGE);
    assert_non_null(strstr(error.text, "cylces is no counter group, no metric and no event"));
    assert_int_equal(probe_groups_resolve(&group, ",", *state, &error), ERROR_USAGE);
    assert_int_equal(probe_groups_resolve(&group, "no/such.group", *state, &error), ERROR_IO);
    assert_non_null(strstr(error.text, "no/such.group"));
}

static void test_request_of_a_file(void **state)
{
    char path[] = "/tmp/prony-XXXXXX.group";
    int descriptor = mkstemps(path, 6);
    const char *text = "metrics = page_faults\n[formulas]\nfaults_per_ms = page_faults / time_ns * 1e6\n";
    struct probe_group group;
    struct error error;
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_int_equal(file_write(path, text, strlen(text), &error), 0);
    assert_int_equal(probe_groups_resolve(&group, path, *state, &error), 0);
    assert_string_equal(group.metrics[0], "page_faults");
    assert_string_equal(group.formulas[0].name, "faults_per_ms");
    assert_int_equal(file_write(path, "metrics\n", 8, &error), 0);
    assert_int_equal(probe_groups_resolve(&group, path, *state, &error), ERROR_FORMAT);
    assert_non_null(strstr(error.text, ".group:1: "));
    unlink(path);
}

/* ---- passes: with what this machine encodes ---- */

static size_t cost_of(const char *names)
{
    struct probe_metrics_plan *plan = probe_metrics_plan_create(probe_counters_system(), names);
    size_t cost = 0;
    for (size_t i = 0; i < probe_metrics_plan_count(plan); i++)
        cost += probe_metrics_plan_cost(plan, i);
    probe_metrics_plan_release(plan);
    return cost;
}

static void test_passes(void **state)
{
    struct probe_group group;
    const char *const *passes;
    size_t count, names = 0;
    assert_int_equal(probe_groups_resolve(&group, "basic,cache,stalls,software,tlb,flops", *state, NULL), 0);
    probe_groups_passes(&group, *state, &passes, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(cost_of(passes[i]) <= PROBE_METRIC_HARDWARE_LIMIT);
        struct probe_metrics_plan *plan = probe_metrics_plan_create(probe_counters_system(), passes[i]);
        names += probe_metrics_plan_count(plan);
        probe_metrics_plan_release(plan);
    }
    assert_int_equal(names, group.metric_count); /* each once */
    if (cost_of("cycles") && cost_of("l1d_loads")) {
        assert_true(count >= 3);
        assert_non_null(strstr(passes[0], "cycles,instructions,branches,branch_misses"));
        assert_non_null(strstr(passes[1], "l1d_loads,l1d_misses"));
    }
}

static void test_software_is_one_pass(void **state)
{
    struct probe_group group;
    const char *const *passes;
    size_t count;
    assert_int_equal(probe_groups_resolve(&group, "software,energy", *state, NULL), 0);
    probe_groups_passes(&group, *state, &passes, &count);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_arithmetic, begin, end),
        cmocka_unit_test_setup_teardown(test_formula_errors, begin, end),
        cmocka_unit_test_setup_teardown(test_group_text, begin, end),
        cmocka_unit_test_setup_teardown(test_bad_group_texts, begin, end),
        cmocka_unit_test_setup_teardown(test_shipped_groups, begin, end),
        cmocka_unit_test_setup_teardown(test_requests, begin, end),
        cmocka_unit_test_setup_teardown(test_request_of_a_file, begin, end),
        cmocka_unit_test_setup_teardown(test_passes, begin, end),
        cmocka_unit_test_setup_teardown(test_software_is_one_pass, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
