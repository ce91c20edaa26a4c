/* The kernels suite as a harness drives it: instant listing, strict JSON with the promised counters, clear refusals. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

/* Runs the program; what it wrote to stdout (and stderr, with 2>&1 in the arguments). */
static char *run_kernels(const char *arguments, int *status)
{
    const char *directory = getenv("PRONY_BIN");
    char *command = mem_format("%s/kernels %s", directory ? directory : "build/bin", arguments);
    struct str output = { 0 };
    char buffer[4096];
    size_t length;
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while ((length = fread(buffer, 1, sizeof buffer, pipe)) > 0)
        str_append_bytes(&output, buffer, length);
    int code = pclose(pipe);
    *status = WIFEXITED(code) ? WEXITSTATUS(code) : -1;
    free(command);
    return str_take(&output);
}

static bool has_line(const char *text, const char *line)
{
    char *wanted = mem_format("%s\n", line);
    const char *found = strstr(text, wanted);
    bool has = found && (found == text || found[-1] == '\n');
    free(wanted);
    return has;
}

static void test_list(void **state)
{
    (void)state;
    int status;
    char *list = run_kernels("--benchmark_list_tests", &status);
    assert_int_equal(status, 0);
    const char *expected[] = { "peak/f32/scalar",
                               "peak/bandwidth/read/threads:1",
                               "matvec/q8_0/scalar/rows:4864/cols:896",
                               "matmul/q4_0/scalar/rows:896/cols:896/count:512",
                               "attention/f16/scalar/positions:2048/head:64/count:1/group:7",
                               "softmax/f32/scalar/cols:152064" };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (!has_line(list, expected[i]))
            fail_msg("not listed: %s", expected[i]);
    /* A block of 256 values does not divide 896 columns. */
    assert_null(strstr(list, "q4_K/scalar/rows:4864/cols:896"));
    /* The scalar row has no shape that is worth it: then there is no case, and none without a shape. */
    assert_false(has_line(list, "matmul/q4_K/scalar"));
    free(list);
}

static void test_records(void **state)
{
    (void)state;
    int status;
    char *text = run_kernels("--benchmark_format=json --benchmark_min_time=2x "
                             "'--benchmark_filter=^(matvec/q8_0/.*rows:896/cols:896|rmsnorm|rope)' 2>/dev/null",
                             &status);
    assert_int_equal(status, 0);
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("line %d: %s", error.line, error.text);
    const json_t *records = json_object_get(json, "benchmarks");
    assert_true(json_array_size(records) >= 3);
    assert_true(json_is_string(json_object_get(json_object_get(json, "context"), "prony_kernels")));
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        const char *name = json_string_value(json_object_get(record, "name"));
        if (json_object_get(record, "error_occurred"))
            fail_msg("%s: %s", name, json_string_value(json_object_get(record, "error_message")));
        const char *positive[] = { "flops_per_second", "bytes_per_second", "intensity", "percent_of_peak" };
        for (size_t k = 0; k < sizeof positive / sizeof positive[0]; k++)
            if (!(json_number_value(json_object_get(record, positive[k])) > 0))
                fail_msg("%s: no %s", name, positive[k]);
        bool streamed = str_starts(name, "matvec");
        assert_int_equal(json_object_get(record, "percent_of_bandwidth") != NULL, streamed);
        assert_int_equal(json_object_get(record, "max_rel_error") == NULL, strstr(name, "/scalar/") != NULL);
    }
    json_decref(json);
    free(text);
}

static void test_limits(void **state)
{
    (void)state;
    int status;
    char *list = run_kernels("--benchmark_list_tests --kernels=scalar --threads=3", &status);
    assert_int_equal(status, 0);
    assert_null(strstr(list, "avx"));
    assert_null(strstr(list, "amx"));
    assert_true(has_line(list, "peak/bandwidth/copy/threads:3"));
    free(list);
}

static void test_refusals(void **state)
{
    (void)state;
    const struct {
        const char *arguments, *message;
        int status;
    } cases[] = {
        { "--kernels=mmx 2>&1", "kernels: error: ", 2 },
        { "--threads=1,none 2>&1", "kernels: error: --threads=1,none: expected up to 16 numbers from 1 to 1024\n", 2 },
        { "--threads= 2>&1", "kernels: error: --threads=: expected", 2 },
        { "--model=x 2>&1 | sed 's,^[^ ]*: error,error,'", "error: unrecognized command-line flag: --model=x\n", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status;
        char *text = run_kernels(cases[i].arguments, &status);
        if (status != cases[i].status || !str_starts(text, cases[i].message))
            fail_msg("%s: status %d, '%s'", cases[i].arguments, status, text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
