/* show_test.c: what `prony show` prints of a made-up run, against tests/golden/show*.txt. PRONY_UPDATE_GOLDEN=1
 * rewrites them (scripts/golden). */
#include "harness/base/file.h"
#include "harness/base/str.h"
#include "harness/store/store_internal.h"
#include "reports/escape.h"
#include "tests/support/report_fixture.h"
#include "tests/support/world.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* What show prints of the fixture; owned by the caller. */
static char *show(struct world *world, const struct report_fixture *fixture, const char *words)
{
    struct store *store;
    struct error error;
    struct child_result result;
    int64_t run_id;
    if (store_open(&store, world->database, false, &error) || report_fixture_fill(store, fixture, &run_id, &error) ||
        store_execute(store, "UPDATE run SET started_ns = 1795248930000000000, ended_ns = 1795249122000000000", &error))
        fail_msg("%s", error.text);
    store_close(store);
    if (world_prony(world, words, &result) != 0)
        fail_msg("%s", str_text(&result.errors));
    char *text = str_take(&result.output);
    child_release(&result);
    return text;
}

static void check(struct world *world, const struct report_fixture *fixture, const char *words, const char *path)
{
    char *text = show(world, fixture, words), *expected;
    size_t length;
    struct error error;
    if (getenv("PRONY_UPDATE_GOLDEN"))
        assert_int_equal(file_write(path, text, strlen(text), &error), 0);
    else if (file_read(path, &expected, &length, &error))
        fail_msg("%s", error.text);
    else {
        for (int line = 1, at = 0; expected[at] || text[at]; line++) {
            size_t a = strcspn(expected + at, "\n");
            if (strncmp(expected + at, text + at, a + 1) != 0)
                fail_msg("%s:%d\n  expected: %.*s\n  (scripts/golden rewrites it)", path, line, (int)a, expected + at);
            at += (int)a + (expected[at + (int)a] != 0);
        }
        free(expected);
    }
    free(text);
}

static const struct report_fixture explained = { .rounds = 5, .explained = true };

static void test_show(void **state)
{
    check(*state, &explained, "show --filter '^(decode|matvec|prefill)/'", "tests/golden/show.txt");
}

static void test_show_details(void **state)
{
    check(*state, &explained, "show 1 --filter ^decode/ --threads --spans", "tests/golden/show_details.txt");
}

/* No line is wider than the terminal, and nothing of a hostile name reaches it. */
static void test_width(void **state)
{
    const struct report_fixture fixture = {
        .rounds = 5, .explained = true, .hostile = true, .many = true, .problems = true
    };
    char *text = show(*state, &fixture, "show --threads --spans");
    for (char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        bool is_message = str_starts(line, "  kernels") || strstr(line, "): ") != NULL;
        char saved = line[length];
        line[length] = 0;
        for (const char *p = line; *p; p++)
            if ((unsigned char)*p < 0x20)
                fail_msg("a control character in: %s", line);
        if (escape_width(line) > 100 && !is_message)
            fail_msg("%d columns: %s", escape_width(line), line);
        line[length] = saved;
        line += length + (saved != 0);
    }
    free(text);
}

/* The same for programs: states, spans, courses, checks, profiles. */
static void test_json(void **state)
{
    char *text = show(*state, &explained, "show --json");
    json_t *json = json_loads(text, 0, NULL), *item, *counters = NULL, *spans = NULL, *courses = NULL;
    assert_non_null(json);
    assert_true(json_array_size(json_object_get(json, "checks")) > 3);
    assert_true(json_array_size(json_object_get(json, "profiles")) > 0);
    size_t i;
    json_array_foreach(json_object_get(json, "cases"), i, item)
    {
        json_t *found = json_object_get(json_object_get(item, "passes"), "counters");
        counters = counters ? counters : found;
        spans = spans ? spans : json_object_get(json_object_get(item, "spans"), "operations");
        courses = courses ? courses : json_object_get(json_object_get(item, "courses"), "live_bytes");
    }
    assert_string_equal(json_string_value(json_object_get(json_object_get(counters, "cycles"), "state")), "scaled");
    const json_t *misses = json_object_get(counters, "llc_misses");
    assert_true(json_is_null(json_object_get(misses, "median")));
    assert_non_null(json_string_value(json_object_get(misses, "remedy")));
    assert_int_equal(json_array_size(json_object_get(json_object_get(counters, "instructions"), "threads")), 2);
    assert_true(json_array_size(spans) > 5);
    assert_int_equal(json_array_size(json_object_get(courses, "values")), 17);
    json_decref(json);
    free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_make, world_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_show),
        TEST(test_show_details),
        TEST(test_width),
        TEST(test_json),
    };
    return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
