/* account_test.c: where a token's time goes, of made-up spans: the sums, what other suites measured, and both texts
 * against tests/golden/account_*. PRONY_UPDATE_GOLDEN=1 rewrites them (scripts/golden). */
#include "reports/account.h"
#include "harness/base/file.h"
#include "tests/support/golden.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LAYERS = 3, SPANS_A_LAYER = 6 };

#define CASE_NAME "decode/tiny|model/q8_0/ctx:128/threads:2"

/* A run: the case with spans, two results of the kernels suite of one shape, one of another, and a layer alone. */
struct fixture {
    struct store_case cases[8];
    struct store_span spans[3 + LAYERS * SPANS_A_LAYER];
    struct store_series rates[6], idle;
    double values[8], idle_value, timed_ns[3], layer_ns, output_ns;
    struct arena arena;
};

static void add_kernel(struct fixture *fixture, size_t index, const char *name, double flops_per_second)
{
    fixture->values[index] = flops_per_second;
    fixture->rates[index] =
        (struct store_series){ .name = "flops_per_second", .values = &fixture->values[index], .count = 1 };
    fixture->cases[1 + index] = (struct store_case){
        .suite = "kernels", .name = name, .metrics = &fixture->rates[index], .metric_count = 1, .sample_count = 1
    };
}

static size_t add_layer(struct store_span *spans, int layer)
{
    const double slow = layer == 1 ? 2 : 1; /* one layer is slower */
    const struct store_span of_layer[SPANS_A_LAYER] = {
        { "attention_norm", layer, 1, 1000, 4096, 4096, NULL },
        { "qkv", layer, 1, 40000 * slow, 1e6, 2.0 * (896 + 2 * 128) * 896,
          "matvec/q8_0/rows:896/cols:896 matvec/q8_0/rows:128/cols:896 matvec/q8_0/rows:128/cols:896" },
        { "attention", layer, 1, 30000, 65536, 1e6, "attention/f16/positions:129/head:64/count:1/group:7" },
        { "ffn_down", layer, 1, 100000, 4.6e6, 2.0 * 896 * 4864 + 896, "matvec/q8_0/rows:896/cols:4864" },
        { "wait", layer, 8, 5000, (double)NAN, (double)NAN, NULL },
        { "ffn_gate_up", layer, 1, 200000, 9.2e6, 4.0 * 4864 * 896, "matvec/nothing/rows:4864/cols:896" },
    };
    memcpy(spans, of_layer, sizeof of_layer);
    return SPANS_A_LAYER;
}

static struct store_case *make(struct fixture *fixture)
{
    size_t count = 0;
    *fixture = (struct fixture){
        .timed_ns = { 1.5e6, 1.4e6, 1.6e6 }, .layer_ns = 350000, .output_ns = 100000, .idle_value = 12.5
    };
    fixture->spans[count++] = (struct store_span){ "embed", -1, 1, 500, 952, 1792, NULL };
    for (int layer = 0; layer < LAYERS; layer++)
        count += add_layer(&fixture->spans[count], layer);
    fixture->spans[count++] = (struct store_span){ "wait", -1, 2, 2000, (double)NAN, (double)NAN, NULL };
    fixture->spans[count++] = (struct store_span){ "sampling", -1, 1, 20000, (double)NAN, (double)NAN, NULL };
    fixture->idle = (struct store_series){
        .name = "percent_waiting", .pass = STORE_PASS_SPANS, .values = &fixture->idle_value, .count = 1
    };
    fixture->cases[0] = (struct store_case){ .suite = "generate",
                                             .name = CASE_NAME,
                                             .spans = fixture->spans,
                                             .span_count = count,
                                             .span_iteration_ns = 1.25e6,
                                             .real_time_ns = fixture->timed_ns,
                                             .sample_count = 3,
                                             .metrics = &fixture->idle,
                                             .metric_count = 1 };
    add_kernel(fixture, 0, "matvec/q8_0/avx2/rows:896/cols:896", 10e9);
    add_kernel(fixture, 1, "matvec/q8_0/avx512vnni/rows:896/cols:896", 20e9);
    add_kernel(fixture, 2, "matvec/q8_0/avx512vnni/rows:896/cols:4864", 50e9);
    add_kernel(fixture, 3, "attention/f16/avx512/positions:512/head:64/count:1/group:7", 25e9);
    add_kernel(fixture, 4, "matmul/q8_0/avx512vnni/rows:896/cols:4864/count:16", 500e9);
    fixture->cases[6] = (struct store_case){ .suite = "layers",
                                             .name = "layer/tiny|model/q8_0/layer/tokens:1/threads:2",
                                             .real_time_ns = &fixture->layer_ns,
                                             .sample_count = 1 };
    fixture->cases[7] = (struct store_case){ .suite = "layers",
                                             .name = "output/tiny|model/q8_0/layer/tokens:1/threads:2",
                                             .real_time_ns = &fixture->output_ns,
                                             .sample_count = 1 };
    return fixture->cases;
}

static void build(struct fixture *fixture, struct account *account)
{
    struct store_case *cases = make(fixture);
    assert_true(account_build(account, cases, cases, 8, &fixture->arena));
}

static const struct account_row *find(const struct account *account, const char *operation)
{
    for (size_t i = 0; i < account->operation_count; i++) {
        if (strcmp(account->operations[i].operation, operation) == 0)
            return &account->operations[i];
    }
    fail_msg("there is no operation %s", operation);
    return NULL;
}

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * fabs(want)))
        fail_msg("%.17g instead of %.17g", got, want);
}

static void test_sums(void **state)
{
    struct fixture fixture;
    struct account account;
    (void)state;
    build(&fixture, &account);
    near(account.work_ns, 500 + 20000 + LAYERS * 371000 + 40000);
    near(account.waiting_ns, LAYERS * 5000 + 2000);
    near(account.work_ns + account.waiting_ns + account.unexplained_ns, 1.25e6);
    near(account.idle_share, 0.125);
    near(account.timed_ns, 1.5e6);
    assert_int_equal(account.operation_count, 7);
    assert_string_equal(account.operations[0].operation, "embed");
    assert_int_equal(account.layer_count, LAYERS);
    near(account.layers[0].time_ns, 376000);
    near(account.layers[1].time_ns, 416000);
    near(account.layers[1].bytes, 4096 + 1e6 + 65536 + 4.6e6 + 9.2e6); /* waiting does not make them unknown */
    near(find(&account, "ffn_down")->bytes_per_second, 4.6e6 / 100e-6);
    near(find(&account, "ffn_down")->calls, LAYERS);
    assert_true(isnan(find(&account, "sampling")->bytes_per_second));
    arena_release(&fixture.arena);
}

static void test_kernels_alone(void **state)
{
    struct fixture fixture;
    struct account account;
    (void)state;
    build(&fixture, &account);
    /* Two threads halve it. The fastest variant of the shape; rows:128 is nearest to rows:896. */
    near(find(&account, "ffn_down")->alone_ns, LAYERS * (2.0 * 896 * 4864 + 896) / 50e9 * 1e9 / 2);
    assert_false(find(&account, "ffn_down")->is_near);
    near(find(&account, "qkv")->alone_ns, LAYERS * 2.0 * (896 + 2 * 128) * 896 / 20e9 * 1e9 / 2);
    assert_true(find(&account, "qkv")->is_near);
    near(find(&account, "attention")->alone_ns, LAYERS * 1e6 / 25e9 * 1e9 / 2);
    assert_true(isnan(find(&account, "ffn_gate_up")->alone_ns)); /* no result of that format */
    assert_true(isnan(find(&account, "embed")->alone_ns));
    near(account.alone_work_ns, LAYERS * (40000 + 30000 + 100000) + 40000);
    near(account.layer_alone_ns, 350000);
    near(account.output_alone_ns, 100000);
    arena_release(&fixture.arena);
}

static void test_other_batches_are_not_compared(void **state)
{
    struct fixture fixture;
    struct account account;
    (void)state;
    struct store_case *cases = make(&fixture);
    static const char *const counts[] = { "matmul/q8_0/rows:896/cols:4864/count:512",
                                          "matmul/q8_0/rows:896/cols:4864/count:32" };
    for (int i = 0; i < 2; i++) {
        fixture.spans[4].kernels = counts[i];
        assert_true(account_build(&account, cases, cases, 8, &fixture.arena));
        /* One of three layers without a result: the sum is not known. */
        assert_int_equal(isnan(find(&account, "ffn_down")->alone_ns), i == 0);
    }
    arena_release(&fixture.arena);
}

static void test_without_spans(void **state)
{
    struct fixture fixture;
    struct account account;
    (void)state;
    struct store_case *cases = make(&fixture);
    assert_false(account_build(&account, &cases[1], cases, 8, &fixture.arena));
    cases[0].span_iteration_ns = 0;
    assert_false(account_build(&account, cases, cases, 8, &fixture.arena));
    /* Only the case itself in the run. */
    make(&fixture);
    cases[0].sample_count = cases[0].metric_count = 0;
    assert_true(account_build(&account, cases, cases, 1, &fixture.arena));
    assert_true(isnan(account.timed_ns) && isnan(account.idle_share) && isnan(account.layer_alone_ns));
    assert_true(account.alone_work_ns == 0);
    struct str out = { 0 };
    account_write_text(&account, &out);
    assert_non_null(strstr(str_text(&out), "unexplained"));
    assert_null(strstr(str_text(&out), "nan"));
    str_release(&out);
    arena_release(&fixture.arena);
}

static void check(void (*write)(const struct account *account, struct str *out), const char *path)
{
    struct fixture fixture;
    struct account account;
    struct str out = { 0 };
    build(&fixture, &account);
    write(&account, &out);
    golden_check(path, str_text(&out));
    str_release(&out);
    arena_release(&fixture.arena);
}

static void test_text(void **state)
{
    (void)state;
    check(account_write_text, "tests/golden/account_text.txt");
}

static void test_markdown(void **state)
{
    (void)state;
    check(account_write_markdown, "tests/golden/account_markdown.md");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),          cmocka_unit_test(test_kernels_alone),
        cmocka_unit_test(test_without_spans), cmocka_unit_test(test_other_batches_are_not_compared),
        cmocka_unit_test(test_text),          cmocka_unit_test(test_markdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
