/* events_test.c: prony events, as people and programs read it. */
#include "harness/base/str.h"
#include "harness/run/child.h"
#include "tests/support/world.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_everything(void **state)
{
    struct child_result result;
    assert_int_equal(world_prony(*state, "events", &result), 0);
    const char *text = str_text(&result.output);
    assert_non_null(strstr(text, "the kernel has:"));
    assert_non_null(strstr(text, "\ncycles  "));
    assert_non_null(strstr(text, "software:0x2    perf::PAGE-FAULTS"));
    assert_non_null(strstr(text, "ipc = instructions / cycles"));
    child_release(&result);
}

/* Every metric has a state, and one that is not ok has a reason. */
static void test_json(void **state)
{
    struct child_result result;
    json_t *root, *metric;
    size_t index;
    assert_int_equal(world_prony(*state, "events --json", &result), 0);
    root = json_loads(str_text(&result.output), 0, NULL);
    assert_non_null(root);
    assert_true(json_array_size(json_object_get(root, "groups")) >= 8);
    assert_true(json_array_size(json_object_get(root, "metrics")) >= 20);
    json_array_foreach(json_object_get(root, "metrics"), index, metric)
    {
        const char *word = json_string_value(json_object_get(metric, "state"));
        assert_non_null(word);
        assert_true(str_equal(word, "ok") || json_is_string(json_object_get(metric, "reason")));
    }
    json_decref(root);
    child_release(&result);
}

static void test_names(void **state)
{
    struct child_result result;
    setenv("LIBPFM_FORCE_PMU", "skx", 1);
    int code = world_prony(*state, "events f32_flops page_faults", &result);
    unsetenv("LIBPFM_FORCE_PMU");
    assert_int_equal(code, 0);
    assert_non_null(strstr(str_text(&result.output), "perf::PAGE-FAULTS")); /* whatever is forced */
    if (strstr(str_text(&result.output), "FP_ARITH"))                       /* libpfm4 is there and knows the CPU */
        assert_non_null(strstr(str_text(&result.output), "raw:0x80c7      16 x FP_ARITH_INST_RETIRED:512B_PACKED"));
    child_release(&result);
    assert_int_equal(world_prony(*state, "events cylces", &result), 2);
    assert_non_null(strstr(str_text(&result.errors), "cylces is no counter group, no metric and no event"));
    child_release(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_json, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_names, world_make, world_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
