/* selection_test.c: checks 11 to 13: which benchmarks a filter selects, and how they are listed. */
#include "tests/conformance/conformance.h"

static void check_11_filters(void **state)
{
    (void)state;
    const struct {
        const char *filter, *names; /* selected, in order */
    } cases[] = {
        { "Foo", "BM_Foo BM_FooBar BM_FooBa " },
        { "-Foo", "NoPrefix BM_Bar " },
        { "BM_.*", "BM_Foo BM_Bar BM_FooBar BM_FooBa " },
        { "-BM_.*", "NoPrefix " },
        { ".*", "NoPrefix BM_Foo BM_Bar BM_FooBar BM_FooBa " },
        { "-.*", "" },
        { "", "NoPrefix BM_Foo BM_Bar BM_FooBar BM_FooBa " },
        { "-", "" },
        { "monkey", "" },
        { "-monkey", "NoPrefix BM_Foo BM_Bar BM_FooBar BM_FooBa " },
        { "^N", "NoPrefix " },
        { ".*Ba$", "BM_FooBa " },
    };
    const char *names[] = { "NoPrefix", "BM_Foo", "BM_Bar", "BM_FooBar", "BM_FooBa" };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t n = 0; n < 5; n++)
            benchmark_register(names[n], brief, NULL);
        char *flags =
            mem_format("--benchmark_format=json --benchmark_min_time=1x --benchmark_filter=%s", cases[i].filter);
        struct outcome outcome = run_library(flags);
        struct str selected = { 0 };
        for (size_t r = 0; r < json_array_size(outcome.records); r++) {
            str_appendf(&selected, "%s ", text(record(&outcome, r), "name"));
            assert_true(number(record(&outcome, r), "family_index") == (double)r); /* renumbered */
        }
        assert_string_equal(str_text(&selected), cases[i].names);
        assert_int_equal(outcome.matched, count_of(cases[i].names, " "));
        str_release(&selected);
        outcome_release(&outcome);
        free(flags);
    }
}

static void never_called(struct benchmark_state *state)
{
    (void)state;
    fail_msg("a listed benchmark ran");
}

static void expect_list(const char *flags, const char *expected)
{
    benchmark_arg(benchmark_register("BM_a", never_called, NULL), 1);
    benchmark_register("BM_\"b\"", never_called, NULL);
    struct outcome outcome = run_library(flags);
    assert_string_equal(outcome.out, expected);
    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.matched, 2);
    if (outcome.file)
        assert_string_equal(outcome.file, "");
    outcome_release(&outcome);
}

static void check_12_lists(void **state)
{
    (void)state;
    expect_list("--benchmark_list_tests", "BM_a/1\nBM_\"b\"\n");
    expect_list("--benchmark_list_tests=true --benchmark_format=csv", "name\n\"BM_a/1\"\n\"BM_\"\"b\"\"\"\n");
    expect_list("--benchmark_list_tests --benchmark_format=json --benchmark_out=%OUT%",
                "{\n  \"benchmarks\": [\n    {\n      \"name\": \"BM_a/1\"\n    },\n"
                "    {\n      \"name\": \"BM_\\\"b\\\"\"\n    }\n  ]\n}\n");
}

static void register_one(void)
{
    benchmark_register("BM_a", never_called, NULL);
}

/* The words behind "benchmark re: " are those of the regex engine. */
static void check_13_no_match_and_bad_regex(void **state)
{
    (void)state;
    const struct {
        const char *flag, *err;
    } cases[] = {
        { "--benchmark_filter=nothing", "^Failed to match any benchmarks against regex: nothing$" },
        { "--benchmark_filter=-BM", "^Failed to match any benchmarks against regex: -BM$" },
        { "--benchmark_filter=(", "^Could not compile benchmark re: .+$" },
    };
    for (size_t i = 0; i < 3; i++) {
        struct exited exited = run_main(cases[i].flag, register_one);
        expect_match(exited.err, cases[i].err);
        assert_string_equal(exited.out, "");
        assert_int_equal(exited.status, 0);
        exited_release(&exited);
    }
    const char *everything[] = { "", "--benchmark_filter=all" };
    for (size_t i = 0; i < 2; i++) {
        benchmark_register("DISABLED_a", never_called, NULL);
        struct outcome outcome = run_library(everything[i]);
        assert_string_equal(outcome.err, "Failed to match any benchmarks against regex: .\n");
        assert_int_equal(outcome.matched, 0);
        outcome_release(&outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_11_filters),
        cmocka_unit_test(check_12_lists),
        cmocka_unit_test(check_13_no_match_and_bad_regex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
