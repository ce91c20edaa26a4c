/* judge_implementations_test.c: cases of one run side by side. */
#include "harness/base/str.h"
#include "harness/judge/implementations.h"
#include "reports/implementations.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { ROUNDS = 8 };

static int make(void **state)
{
    *state = calloc(1, sizeof(struct arena));
    return 0;
}

static int unmake(void **state)
{
    arena_release(*state);
    free(*state);
    return 0;
}

static struct store_case make_case(struct arena *arena, const char *suite, const char *name, double time_ns)
{
    struct store_case item = { .suite = suite, .name = name, .label = "", .sample_count = ROUNDS };
    item.real_time_ns = arena_array(arena, ROUNDS, sizeof(double));
    item.cpu_time_ns = item.real_time_ns;
    item.iterations = arena_array(arena, ROUNDS, sizeof(int64_t));
    item.rounds = arena_array(arena, ROUNDS, sizeof(int));
    item.processes = item.rounds;
    for (int i = 0; i < ROUNDS; i++) {
        item.real_time_ns[i] = time_ns * (1 + 0.1 * i); /* the machine drifts, all cases alike */
        item.rounds[i] = i;
    }
    return item;
}

static void add_metric(struct arena *arena, struct store_case *item, const char *name, const char *unit, double value)
{
    struct store_series *metrics = arena_array(arena, item->metric_count + 1, sizeof *metrics);
    if (item->metric_count)
        memcpy(metrics, item->metrics, item->metric_count * sizeof *metrics);
    double *values = arena_array(arena, ROUNDS, sizeof *values);
    for (int i = 0; i < ROUNDS; i++)
        values[i] = value / (1 + 0.1 * i);
    metrics[item->metric_count++] = (struct store_series){
        .name = name, .unit = unit, .values = values, .processes = item->processes, .count = ROUNDS
    };
    item->metrics = metrics;
}

static void build(struct implementations *out, const struct store_case *cases, size_t count, const char *dimension,
                  const char *baseline, struct arena *arena)
{
    static const struct store_fact facts[] = { { "one.prony_engine", "native" }, { "two.prony_engine", "stub" } };
    struct implementation_options options = { .dimension = dimension, .baseline = baseline };
    struct error error;
    if (implementations_build(out, cases, count, facts, 2, &options, arena, &error) != 0)
        fail_msg("%s", error.text);
}

static void test_names(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *name, *dimension, *value, *pattern;
    } rows[] = {
        { "decode/qwen2.5-0.5b/q8_0/ctx:128/threads:2", "threads", "2", "decode/qwen2.5-0.5b/q8_0/ctx:128/threads:*" },
        { "decode/qwen2.5-0.5b/q4_K_M/ctx:128", "format", "q4_K_M", "decode/qwen2.5-0.5b/*/ctx:128" },
        { "decode/qwen2.5-0.5b/q8_0/ctx:128", "model", "qwen2.5-0.5b", "decode/*/q8_0/ctx:128" },
        { "decode/qwen2.5-0.5b/q8_0/ctx:128", "ctx", "128", "decode/qwen2.5-0.5b/q8_0/ctx:*" },
        { "matvec/bf16/avx512bf16/rows:8/cols:8", "format", "bf16", "matvec/*/avx512bf16/rows:8/cols:8" },
        { "matvec/q8_0/avx512_wide/rows:8", "isa", "avx512_wide", "matvec/q8_0/*/rows:8" },
        { "matmul/q8_0/avx2/rows:8/count:16", "batch", "16", "matmul/q8_0/avx2/rows:8/count:*" },
        { "matvec/q8_0/avx2/rows:8", "model", NULL, NULL },
        { "BM_x/8", "threads", NULL, NULL },
        { "f16", "format", NULL, NULL },
        { "a/threads:", "threads", NULL, NULL },
        { "a//b/threads:4", "threads", "4", "a//b/threads:*" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = implementation_value(rows[i].name, rows[i].dimension, arena);
        const char *pattern = implementation_pattern(rows[i].name, rows[i].dimension, arena);
        if (!str_equal(value, rows[i].value) || !str_equal(pattern, rows[i].pattern))
            fail_msg("%s by %s: %s, %s", rows[i].name, rows[i].dimension, value ? value : "nothing",
                     pattern ? pattern : "nothing");
    }
}

static void test_threads(void **state)
{
    struct arena *arena = *state;
    struct store_case cases[] = {
        make_case(arena, "generate", "decode/m/q8_0/threads:16", 100),
        make_case(arena, "generate", "alone", 5),
        make_case(arena, "generate", "decode/m/q8_0/threads:2", 400),
        make_case(arena, "generate", "decode/m/q8_0/threads:1", 600),
        make_case(arena, "other", "decode/m/q8_0/threads:1", 7),
    };
    cases[0].output_digest = cases[3].output_digest = "aa";
    cases[2].output_digest = "bb";
    struct store_span spans[] = { { "ffn", 0, 1, 300, NAN, NAN, NULL }, { "ffn", 1, 1, 200, NAN, NAN, NULL } };
    cases[3].spans = spans;
    cases[3].span_count = 2;
    cases[3].span_iteration_ns = 600;
    struct implementations out;
    build(&out, cases, 5, "threads", NULL, arena);
    assert_int_equal(out.value_count, 3);
    assert_string_equal(out.values[0].value, "1");
    assert_string_equal(out.values[2].value, "16");
    assert_string_equal(out.baseline, "1");
    assert_int_equal(out.group_count, 1);
    const struct implementation_group *group = out.groups;
    assert_string_equal(group->metric, "real_time");
    assert_true(group->cells[0].speedup == 1);
    assert_true(fabs(group->cells[1].speedup - 1.5) < 1e-9); /* paired: the drift is gone */
    assert_true(fabs(group->cells[1].interval.low - 1.5) < 1e-9);
    assert_true(fabs(group->cells[1].efficiency - 0.75) < 1e-9);
    assert_true(fabs(group->cells[2].speedup - 6) < 1e-9);
    assert_int_equal(group->cells[1].output, COMPARE_OUTPUT_DIFFERENT);
    assert_int_equal(group->cells[2].output, COMPARE_OUTPUT_SAME);
    assert_int_equal(out.different_outputs, 1);
    assert_int_equal(group->phase_count, 2);
    assert_true(group->cells[0].phases_ns[0] == 500 && group->cells[0].phases_ns[1] == 100);
    assert_true(isnan(group->cells[1].phases_ns[0]));
}

static void test_batches_compare_by_rate(void **state)
{
    struct arena *arena = *state;
    struct store_case cases[] = { make_case(arena, "kernels", "matmul/q8_0/avx2/count:16", 100),
                                  make_case(arena, "kernels", "matmul/q8_0/avx2/count:512", 1600) };
    add_metric(arena, &cases[0], "flops_per_second", "flop/s", 1e9);
    add_metric(arena, &cases[1], "flops_per_second", "flop/s", 2e9);
    struct implementations out;
    build(&out, cases, 2, "batch", "16", arena);
    assert_string_equal(out.groups->metric, "flops_per_second");
    assert_true(fabs(out.groups->cells[1].speedup - 2) < 1e-9);
    assert_true(fabs(out.values[1].speedup - 2) < 1e-9);
    assert_true(isnan(out.groups->cells[1].efficiency));
    assert_int_equal(out.groups->cells[1].output, COMPARE_OUTPUT_UNKNOWN);
}

static void test_isa_and_engine(void **state)
{
    struct arena *arena = *state;
    struct store_case cases[] = { make_case(arena, "one", "matvec/q8_0/avx2/rows:8", 100),
                                  make_case(arena, "one", "matvec/q8_0/scalar/rows:8", 400),
                                  make_case(arena, "two", "matvec/q8_0/avx2/rows:8", 50) };
    add_metric(arena, &cases[0], "max_rel_error", "", 1e-7);
    struct implementations out;
    build(&out, cases, 3, "isa", NULL, arena);
    assert_string_equal(out.baseline, "scalar");
    assert_true(fabs(out.groups->cells[0].speedup - 4) < 1e-9);
    assert_int_equal(out.groups->cells[0].output, COMPARE_OUTPUT_WITHIN);
    build(&out, cases, 3, "engine", "stub", arena);
    assert_string_equal(out.values[0].value, "native");
    assert_string_equal(out.baseline, "stub");
    assert_true(fabs(out.groups->cells[0].speedup - 0.5) < 1e-9);
    build(&out, cases, 3, "suite", NULL, arena);
    assert_string_equal(out.values[1].value, "two");
}

static void test_nothing_to_compare(void **state)
{
    struct arena *arena = *state;
    struct store_case cases[] = { make_case(arena, "s", "a/threads:1", 100), make_case(arena, "s", "a/threads:2", 90) };
    struct implementations out;
    struct error error;
    struct implementation_options options = { .dimension = "format" };
    assert_int_not_equal(implementations_build(&out, cases, 2, NULL, 0, &options, arena, &error), 0);
    assert_string_equal(error.text, "no two cases differ in their format alone");
    options = (struct implementation_options){ .dimension = "threads", .baseline = "3" };
    assert_int_not_equal(implementations_build(&out, cases, 2, NULL, 0, &options, arena, &error), 0);
    assert_string_equal(error.text, "there is no threads '3' to compare with; there are 1, 2");
    options = (struct implementation_options){ .dimension = "threads", .filter = "2$" };
    assert_int_not_equal(implementations_build(&out, cases, 2, NULL, 0, &options, arena, &error), 0);
    assert_int_not_equal(implementations_build(&out, NULL, 0, NULL, 0, &options, arena, &error), 0);
}

static void test_documents(void **state)
{
    struct arena *arena = *state;
    struct store_case cases[] = { make_case(arena, "s", "x<script>|y/threads:1", 100),
                                  make_case(arena, "s", "x<script>|y/threads:2", 50),
                                  make_case(arena, "s", "z\"\x1b/threads:2", 50),
                                  make_case(arena, "s", "z\"\x1b/threads:3", 50) };
    struct implementations out;
    struct str text = { 0 }, markdown = { 0 }, json = { 0 };
    build(&out, cases, 4, "threads", NULL, arena);
    implementations_text(&out, "a run", &text);
    assert_non_null(strstr(str_text(&text), "2.00x [2.00, 2.00]"));
    assert_non_null(strstr(str_text(&text), "100 %"));
    assert_null(strchr(str_text(&text), '\x1b'));
    assert_non_null(strstr(str_text(&text), "not measured"));
    implementations_markdown(&out, "a run", &markdown);
    assert_null(strstr(str_text(&markdown), "<script>"));
    implementations_json(&out, "a run", &json);
    json_error_t error;
    json_t *root = json_loads(str_text(&json), 0, &error);
    if (!root)
        fail_msg("%s in %s", error.text, str_text(&json));
    json_t *cells = json_object_get(json_array_get(json_object_get(root, "groups"), 0), "cells");
    assert_true(fabs(json_number_value(json_object_get(json_array_get(cells, 1), "speedup")) - 2) < 1e-9);
    json_decref(root);
    str_release(&text);
    str_release(&markdown);
    str_release(&json);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        TEST(test_names),
        TEST(test_threads),
        TEST(test_batches_compare_by_rate),
        TEST(test_isa_and_engine),
        TEST(test_nothing_to_compare),
        TEST(test_documents),
    };
    return cmocka_run_group_tests_name("judge_implementations", tests, NULL, NULL);
}
