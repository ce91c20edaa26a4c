/* Policies and acknowledgements: what they accept, and that errors name file and line. */
#include "harness/judge/gate_policy.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define assert_near(value, expected, tolerance) assert_true(fabs((value) - (expected)) <= (tolerance))

static const struct gate_policy *parse(const char *text, struct arena *arena)
{
    const struct gate_policy *policy;
    struct error error;
    if (gate_policy_parse(&policy, "ci/x.policy", text, strlen(text), arena, &error) != 0)
        fail_msg("%s", error.text);
    return policy;
}

static void test_built_in(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    const struct gate_policy *policy;
    assert_int_equal(gate_policy_load(&policy, NULL, &arena, NULL), 0);
    assert_null(policy->source);
    assert_int_equal(policy->rule_count, 1);
    assert_int_equal(policy->minimum_cases, 1);
    assert_string_equal(policy->rules[0].budgets[0].metric, "real_time");
    assert_int_equal(policy->rules[0].actions[GATE_EVENT_WRONG], GATE_ACTION_FAIL);
    for (int event = 0; event < GATE_EVENT_COUNT; event++)
        assert_int_not_equal(policy->rules[0].actions[event], GATE_ACTION_UNSET);
    arena_release(&arena);
}

static void test_rules(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    const struct gate_policy *policy =
        parse("minimum_cases = 10\nacknowledged = accepted\nundecided = warn\nbranch = main\ntier = usable\n"
              "[rule noisy kernels]\nsuite = kernels\ncase = ^peak/\nbudget = real_time 5 %, +2 us\n"
              "budget = peak_rss_bytes +10 MB\nbudget = cpu_time none\nfailed = warn\n"
              "[targets usable]\nsuite = generate\ntarget = load_ms < 500\ntarget = tokens_per_second>=20\n"
              "[targets]\ntarget = real_time <= 1.5 ms\n",
              &arena);
    assert_int_equal(policy->minimum_cases, 10);
    assert_string_equal(gate_policy_acknowledged(policy), "ci/accepted");
    assert_string_equal(policy->branch, "main");
    assert_int_equal(policy->required_tier, 1);
    assert_int_equal(policy->rule_count, 4);
    assert_int_equal(policy->rules[0].actions[GATE_EVENT_UNDECIDED], GATE_ACTION_WARN);
    const struct gate_rule *rule = &policy->rules[1];
    assert_string_equal(rule->name, "noisy kernels");
    assert_string_equal(rule->pattern, "^peak/");
    assert_int_equal(rule->budget_count, 3);
    assert_near(rule->budgets[0].relative, log(1.05), 1e-12);
    assert_near(rule->budgets[0].absolute.value, 2000, 1e-9);
    assert_int_equal(rule->budgets[0].absolute.dimension, GATE_TIME);
    assert_true(isnan(rule->budgets[1].relative));
    assert_near(rule->budgets[1].absolute.value, 10e6, 1e-3);
    assert_true(rule->budgets[2].none);
    assert_int_equal(rule->actions[GATE_EVENT_FAILED], GATE_ACTION_WARN);
    assert_int_equal(rule->actions[GATE_EVENT_WRONG], GATE_ACTION_UNSET);
    assert_int_equal(policy->rules[2].tier, 1);
    assert_string_equal(policy->rules[2].targets[0].metric, "load_ms");
    assert_string_equal(policy->rules[2].targets[1].comparator, ">=");
    assert_near(policy->rules[2].targets[1].limit.value, 20, 0);
    assert_int_equal(policy->rules[3].tier, -1);
    assert_near(policy->rules[3].targets[0].limit.value, 1.5e6, 1e-6);
    arena_release(&arena);
}

static void test_policy_errors_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "budget = real_time", "ci/x.policy:1: 'real_time' is no budget" },
        { "\nbudget = real_time two percent", "ci/x.policy:2: 'two percent' is no limit" },
        { "budget = real_time -2 %", "ci/x.policy:1: '-2 %'" },
        { "budget = real_time 2 %, 3 %", "ci/x.policy:1: '3 %' is no limit" },
        { "budget = real_time +5 parsecs", "ci/x.policy:1: '+5 parsecs' is no limit" },
        { "budget = real_time nan %", "ci/x.policy:1: 'nan %'" },
        { "undecided = maybe", "ci/x.policy:1: undecided = 'maybe': there is only pass, warn" },
        { "colour = red", "ci/x.policy:1: there is no setting 'colour'" },
        { "minimum_cases = 0", "ci/x.policy:1: minimum_cases: '0' is not a whole number" },
        { "tier = good", "ci/x.policy:1: 'good' is no tier" },
        { "suite = x", "ci/x.policy:1: suite does not belong before the first section" },
        { "[rules x]", "ci/x.policy:1: there is no section [rules]" },
        { "[targets best]", "ci/x.policy:1: 'best' is no tier" },
        { "[rule a]\ncase = (", "ci/x.policy:2: '(' is not a regular expression" },
        { "[rule a]\ntarget = x < 1", "ci/x.policy:2: target does not belong into [rule]" },
        { "[rule a]\nminimum_cases = 2", "ci/x.policy:2: minimum_cases does not belong into [rule]" },
        { "[rule a]\nother_machine = warn", "ci/x.policy:2: other_machine belongs before the first section" },
        { "[targets]\ntarget = load_ms", "ci/x.policy:2: 'load_ms' is no target" },
        { "[targets]\ntarget = < 5", "ci/x.policy:2: '< 5' is no target" },
        { "[targets]\ntarget = load_ms < fast", "ci/x.policy:2: 'fast' is no number" },
        { "[targets]\nbudget = real_time 2 %", "ci/x.policy:2: budget does not belong into [targets]" },
        { "rubbish", "ci/x.policy:1: expected key = value" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = { 0 };
        const struct gate_policy *policy;
        struct error error = { 0 };
        int code = gate_policy_parse(&policy, "ci/x.policy", cases[i].text, strlen(cases[i].text), &arena, &error);
        if (code != ERROR_FORMAT || strstr(error.text, cases[i].message) != error.text)
            fail_msg("%s: %d '%s'", cases[i].text, code, error.text);
        arena_release(&arena);
    }
}

static void test_missing_file(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    const struct gate_policy *policy;
    struct error error;
    assert_int_equal(gate_policy_load(&policy, "/nowhere/x.policy", &arena, &error), ERROR_IO);
    assert_non_null(strstr(error.text, "/nowhere/x.policy"));
    arena_release(&arena);
}

static void test_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
        enum gate_dimension dimension;
    } good[] = {
        { "500", 500, GATE_PLAIN },     { "5 ms", 5e6, GATE_TIME },    { "1.5us", 1500, GATE_TIME },
        { "+10 MB", 10e6, GATE_BYTES }, { "2 KiB", 2048, GATE_BYTES }, { "1e3 B", 1000, GATE_BYTES },
        { "0.5 s", 5e8, GATE_TIME },
    };
    static const char *const bad[] = { "", "ms", "5 apples", "1e999", "--5", "5 ms 3", "+" };
    struct gate_quantity quantity;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(gate_quantity_parse(good[i].text, &quantity));
        assert_near(quantity.value, good[i].value, 1e-9 * good[i].value);
        assert_int_equal(quantity.dimension, good[i].dimension);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(gate_quantity_parse(bad[i], &quantity));
    char stem[16];
    struct gate_unit unit = gate_unit_of_name("load_ms", stem, sizeof stem);
    assert_string_equal(stem, "load");
    assert_int_equal(unit.dimension, GATE_TIME);
    assert_near(unit.scale, 1e6, 0);
    unit = gate_unit_of_name("tokens_per_second", stem, sizeof stem);
    assert_int_equal(unit.dimension, GATE_PLAIN);
    assert_string_equal(stem, "tokens_per_seco"); /* cut, never over the end */
    gate_unit_of_name("_ms", stem, sizeof stem);
    assert_string_equal(stem, "_ms");
}

/* ---- acknowledgements ---- */

static int acknowledge(const char *text, struct gate_acknowledgements *read, struct arena *arena, struct error *error)
{
    return gate_acknowledgements_parse(read, "ci/acknowledged", text, strlen(text), arena, error);
}

static void test_acknowledgement(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct gate_acknowledgements read;
    struct error error;
    assert_int_equal(
        acknowledge("# why\n[acknowledge]\nsuite = kernels\ncase = ^matmul/\nmetric = real_time\nup_to = 6 %\n"
                    "reason = exact rounding costs 5 %\nauthor = Ada\nuntil = 2024-02-29\ncommit = 3f2a\n",
                    &read, &arena, &error),
        0);
    assert_int_equal(read.count, 1);
    assert_string_equal(read.items[0].pattern, "^matmul/");
    assert_string_equal(read.items[0].reason, "exact rounding costs 5 %");
    assert_near(read.items[0].up_to, log(1.06), 1e-12);
    assert_int_equal(read.items[0].line, 2);
    /* date -ud 2024-03-01 +%s */
    assert_int_equal(read.items[0].until_ns / 1000000000, 1709251200);
    arena_release(&arena);
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *day;
        int64_t end_s;
    } days[] = {
        { "1970-01-01", 86400 }, { "1999-12-31", 946684800 }, { "2026-11-21", 1795305600 }, { "2100-03-01", 4107628800 }
    };
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct arena arena = { 0 };
        struct gate_acknowledgements read;
        struct error error;
        char *text = arena_format(&arena, "[acknowledge]\ncase = x\nup_to = 1 %%\nreason = r\nauthor = a\nuntil = %s",
                                  days[i].day);
        assert_int_equal(acknowledge(text, &read, &arena, &error), 0);
        assert_int_equal(read.items[0].until_ns / 1000000000, days[i].end_s);
        arena_release(&arena);
    }
    struct arena arena = { 0 };
    struct gate_acknowledgements read;
    assert_int_equal(acknowledge("[acknowledge]\ncase = x\nup_to = 1 %\nreason = r\nauthor = a\nuntil = 2999-01-01",
                                 &read, &arena, NULL),
                     0);
    assert_true(read.items[0].until_ns == INT64_MAX); /* beyond what nanoseconds can count */
    arena_release(&arena);
}

static void test_acknowledgement_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "[acknowledge]\ncase = x\nup_to = 1 %\nauthor = a\nuntil = 2026-01-01",
          ":1: this acknowledgement has no 'reason'" },
        { "\n[acknowledge]\ncase = x\nup_to = 1 %\nreason = r\nuntil = 2026-01-01",
          ":2: this acknowledgement has no 'author'" },
        { "[acknowledge]\ncase = x\nup_to = 1 %\nreason = r\nauthor = a", ":1: this acknowledgement has no 'until'" },
        { "[acknowledge]\ncase = x\nreason = r\nauthor = a\nuntil = 2026-01-01",
          ":1: this acknowledgement has no 'up_to'" },
        { "[acknowledge]\nreason = r\nauthor = a\nuntil = 2026-01-01", ":1: this acknowledgement has no 'case'" },
        { "[acknowledge]\nreason =", ":2: reason is empty" },
        { "[acknowledge]\nuntil = 2026-02-29", ":2: '2026-02-29' is not a day" },
        { "[acknowledge]\nuntil = tomorrow", ":2: 'tomorrow' is not a day" },
        { "[acknowledge]\nup_to = 6", ":2: '6' is not a share" },
        { "[acknowledge]\nup_to = -6 %", ":2: '-6 %' is not a share" },
        { "[acknowledge]\ncase = [", ":2: '[' is not a regular expression" },
        { "[acknowledge]\nwho = me", ":2: there is no setting 'who'" },
        { "[accept]", ":1: there is no section [accept]" },
        { "case = x", ":1: 'case' stands before the first" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = { 0 };
        struct gate_acknowledgements read;
        struct error error = { 0 };
        char *message = arena_format(&arena, "ci/acknowledged%s", cases[i].message);
        int code = acknowledge(cases[i].text, &read, &arena, &error);
        if (code != ERROR_FORMAT || strstr(error.text, message) != error.text)
            fail_msg("%s: %d '%s'", cases[i].text, code, error.text);
        arena_release(&arena);
    }
    /* What has no size needs none. */
    struct arena arena = { 0 };
    struct gate_acknowledgements read;
    assert_int_equal(acknowledge("[acknowledge]\ncase = x\nmetric = output\nreason = r\nauthor = a\nuntil = 2026-01-01",
                                 &read, &arena, NULL),
                     0);
    arena_release(&arena);
}

/* What counts in the end for a case that every rule matches. */
static enum gate_action last_action(const struct gate_policy *policy, enum gate_event event)
{
    enum gate_action action = GATE_ACTION_UNSET;
    for (size_t r = 0; r < policy->rule_count; r++)
        if (policy->rules[r].actions[event] != GATE_ACTION_UNSET)
            action = policy->rules[r].actions[event];
    return action;
}

/* The policies that we ship: the first nights are green, what cannot be told later is undecided, what is worse fails.
 */
static void test_shipped(void **state)
{
    (void)state;
    static const char *const paths[] = { "ci/pull-request.policy", "ci/nightly.policy", "suites/prony.policy" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct arena arena = { 0 };
        struct error error = { 0 };
        const struct gate_policy *policy;
        size_t targets = 0;
        if (gate_policy_load(&policy, paths[i], &arena, &error) != 0)
            fail_msg("%s", error.text);
        for (size_t r = 0; r < policy->rule_count; r++)
            targets += policy->rules[r].target_count;
        assert_int_equal(last_action(policy, GATE_EVENT_INSUFFICIENT),
                         i == 0 ? GATE_ACTION_UNDECIDED : GATE_ACTION_WARN);
        assert_int_equal(last_action(policy, GATE_EVENT_UNDECIDED), GATE_ACTION_UNDECIDED);
        assert_int_equal(last_action(policy, GATE_EVENT_REGRESSED), GATE_ACTION_FAIL);
        assert_int_equal(last_action(policy, GATE_EVENT_WRONG), GATE_ACTION_FAIL);
        assert_true((targets > 0) == (i == 2));
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_policy_errors_name_the_line),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_acknowledgement),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_acknowledgement_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
