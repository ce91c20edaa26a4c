/* select_test.c: which rows are chosen, what can be forced, what each operation costs, and the order in the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/support/kernel_support.h"

static const struct cpu_info everything = { .features = ~0u };
static const struct cpu_info nothing = { .features = 0 };

static void test_a_bare_cpu_gets_scalar_rows(void **state)
{
    (void)state;
    struct kernel_set set;
    struct error error;
    assert_int_equal(kernel_select(&set, &nothing, NULL, &error), 0);
    for (int format = 0; format < FORMAT_COUNT; format++) {
        for (int op = OP_MATVEC; op <= OP_QUANTIZE; op++) {
            assert_non_null(set.rows[op][format]);
            assert_int_equal(set.rows[op][format]->needs, 0);
        }
    }
    assert_null(set.rows[OP_ACT][ACT_F32]);
    assert_string_equal(set.rows[OP_ACT][ACT_Q8]->name, "act_q8__scalar");
}

static void test_the_first_row_that_runs_is_chosen(void **state)
{
    (void)state;
    struct kernel_set set;
    assert_int_equal(kernel_select(&set, &everything, "", NULL), 0);
    struct kernel_table table = kernel_table(OP_MATMUL);
    for (size_t i = 0; i < table.count; i++) {
        bool first = i == 0 || table.rows[i - 1].format != table.rows[i].format;
        assert_true(first == (set.rows[OP_MATMUL][table.rows[i].format] == &table.rows[i]));
    }
}

static void test_levels_limit_everything(void **state)
{
    (void)state;
    struct kernel_set set;
    assert_int_equal(kernel_select(&set, &everything, "scalar", NULL), 0);
    for (int op = 0; op < OP_COUNT; op++)
        for (int format = 0; format < FORMAT_COUNT; format++)
            if (set.rows[op][format])
                assert_int_equal(set.rows[op][format]->needs, 0);
    assert_int_equal(kernel_select(&set, &everything, "avx2", NULL), 0);
    for (int op = 0; op < OP_COUNT; op++)
        for (int format = 0; format < FORMAT_COUNT; format++)
            if (set.rows[op][format])
                assert_int_equal(set.rows[op][format]->needs & ~(uint32_t)CPU_AVX2, 0);
}

static void test_a_name_forces_its_row(void **state)
{
    (void)state;
    struct kernel_set set;
    assert_int_equal(kernel_select(&set, &everything, "matmul_q4_K__scalar,act_q8__scalar", NULL), 0);
    assert_string_equal(set.rows[OP_MATMUL][FORMAT_Q4_K]->name, "matmul_q4_K__scalar");
    assert_string_equal(set.rows[OP_ACT][ACT_Q8]->name, "act_q8__scalar");
    assert_string_not_equal(set.rows[OP_MATVEC][FORMAT_Q4_K]->name, "matvec_q4_K__scalar");
}

#if defined(__x86_64__)
static void test_a_forced_row_may_exceed_the_level(void **state)
{
    (void)state;
    struct kernel_set set;
    for (int order = 0; order < 2; order++) {
        const char *overrides = order ? "matmul_f32__avx2,scalar" : "scalar,matmul_f32__avx2";
        assert_int_equal(kernel_select(&set, &everything, overrides, NULL), 0);
        assert_string_equal(set.rows[OP_MATMUL][FORMAT_F32]->name, "matmul_f32__avx2");
        assert_string_equal(set.rows[OP_MATMUL][FORMAT_F16]->name, "matmul_f16__scalar");
    }
}

static void test_a_row_the_cpu_lacks_is_refused(void **state)
{
    (void)state;
    struct kernel_set set;
    struct error error;
    assert_int_equal(kernel_select(&set, &nothing, "matmul_f32__avx2", &error), ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.text, "matmul_f32__avx2"));
    assert_non_null(strstr(error.text, "avx2"));
}
#endif

static void test_unknown_words_are_refused(void **state)
{
    (void)state;
    struct kernel_set set;
    struct error error;
    const char *bad[] = { "matmul_f32__mmx", "sse9", "avx2,,scalar", ",", "scalar,nonsense" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(kernel_select(&set, &everything, bad[i], &error), ERROR_USAGE);
        assert_true(strlen(error.text) > 0);
    }
}

/* What kernel.h promises about every table. */
static void test_tables_are_well_formed(void **state)
{
    (void)state;
    for (int op = 0; op < OP_COUNT; op++) {
        struct kernel_table table = kernel_table((enum kernel_op)op);
        assert_true(table.count > 0);
        for (size_t i = 0; i < table.count; i++) {
            const struct kernel_row *row = &table.rows[i], *reference = row_reference(row);
            assert_int_equal(row->op, op);
            assert_non_null(row->function.matmul);
            assert_non_null(reference);
            assert_true(reference >= row); /* the scalar row comes last of its format */
            assert_true(row->needs == 0 || row->tolerance > 0 || op == OP_ACT);
            assert_ptr_equal(kernel_find(row->name), row);
            assert_int_equal(strncmp(row->name, kernel_op_names[op], strlen(kernel_op_names[op])), 0);
        }
    }
    assert_null(kernel_find("matmul_f32__mmx"));
}

static void test_costs(void **state)
{
    (void)state;
    const struct kernel_row *row = kernel_find("matmul_q8_0__scalar");
    struct kernel_cost cost = kernel_cost(row, &(struct kernel_shape){ .rows = 10, .cols = 64, .count = 3 });
    assert_true(cost.flops == 2.0 * 10 * 64 * 3);
    assert_true(cost.bytes == 10 * 68 + 3 * (double)act_row_bytes(ACT_Q8, 64) + 4 * 10 * 3);
    row = kernel_find("matvec_f32__scalar");
    cost = kernel_cost(row, &(struct kernel_shape){ .rows = 10, .cols = 64 });
    assert_true(cost.flops == 2 * 640 && cost.bytes == 4 * (640 + 64 + 10));
    /* Two queries after one position in the cache see 2 and 3 keys; the group has 4 heads. */
    row = kernel_find("attention_f16__scalar");
    cost = kernel_cost(row, &(struct kernel_shape){ .rows = 3, .cols = 8, .count = 2, .group = 4 });
    assert_true(cost.flops == 4 * (2 + 3) * (4 * 8 + 3));
    assert_true(cost.bytes == 2 * 3 * 8 * 2 + 2 * 4 * 2 * 4 * 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bare_cpu_gets_scalar_rows),
        cmocka_unit_test(test_the_first_row_that_runs_is_chosen),
        cmocka_unit_test(test_levels_limit_everything),
        cmocka_unit_test(test_a_name_forces_its_row),
#if defined(__x86_64__)
        cmocka_unit_test(test_a_forced_row_may_exceed_the_level),
        cmocka_unit_test(test_a_row_the_cpu_lacks_is_refused),
#endif
        cmocka_unit_test(test_unknown_words_are_refused),
        cmocka_unit_test(test_tables_are_well_formed),
        cmocka_unit_test(test_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
