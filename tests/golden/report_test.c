/* report_test.c: whole reports of a made-up run against tests/golden/report_*. PRONY_UPDATE_GOLDEN=1 rewrites them
 * (scripts/golden). Of the HTML only the body is compared, without style, script, charts and flame graphs: gnuplot's
 * drawings change with its version. */
#include "harness/base/file.h"
#include "harness/base/str.h"
#include "reports/explain.h"
#include "reports/report.h"
#include "tests/support/golden.h"
#include "tests/support/report_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void load_fixture(struct view *view, struct explain *explain, struct arena *arena)
{
    const struct report_fixture fixture = { .rounds = 5, .problems = true, .hostile = true, .explained = true };
    char directory[] = "/tmp/prony-golden-XXXXXX", path[64];
    struct store *store;
    struct error error;
    int64_t run_id;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/test.db", directory);
    if (store_open(&store, path, false, &error) || report_fixture_fill(store, &fixture, &run_id, &error) ||
        view_load(view, store, "latest", "Golden run", arena, &error) || explain_load(explain, view, store, &error))
        fail_msg("%s", error.text);
    view->explain = explain;
    store_close(store);
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char file[80];
        snprintf(file, sizeof file, "%s%s", path, endings[i]);
        unlink(file);
    }
    rmdir(directory);
    /* What differs from run to run. */
    view->run.uuid = "01234567-89ab-cdef-0123-456789abcdef";
    view->run.started_ns = 1795248930LL * 1000000000;
    view->run.ended_ns = view->run.started_ns + 192LL * 1000000000;
}

/* What lies between <body> and <footer>, if there is such a thing. */
static void keep_body(struct str *out)
{
    char *from = strstr(out->data, "<body>"), *to = strstr(out->data, "<footer>");
    if (!from || !to)
        return;
    out->length = (size_t)(to - from);
    memmove(out->data, from, out->length);
    out->data[out->length] = 0;
}

/* Interactive flame graphs are pages of their own with tests of their own. */
static void drop_embedded(struct str *out)
{
    static const char begin[] = " srcdoc=\"";
    for (char *from = out->data; from && (from = strstr(from, begin)) != NULL;) {
        char *to = strchr(from + sizeof begin - 1, '"');
        assert_non_null(to);
        memmove(from + sizeof begin - 1, to, strlen(to) + 1);
        from += sizeof begin - 1;
    }
    out->length = strlen(out->data);
}

static void check(const char *format, const char *path)
{
    struct arena arena = { 0 };
    struct str out = { 0 };
    struct view view;
    struct explain explain;
    struct error error;
    const struct report_options options = { .gnuplot = NULL, .now_ns = 1795250000LL * 1000000000 };
    load_fixture(&view, &explain, &arena);
    assert_int_equal(report_format_find(format)->write(&view, &options, &out, &error), 0);
    keep_body(&out);
    drop_embedded(&out);
    golden_check(path, str_text(&out));
    str_release(&out);
    explain_release(&explain);
    arena_release(&arena);
}

static void test_text(void **state)
{
    (void)state;
    check("text", "tests/golden/report_text.txt");
}

static void test_markdown(void **state)
{
    (void)state;
    check("markdown", "tests/golden/report_markdown.md");
}

static void test_html(void **state)
{
    (void)state;
    check("html", "tests/golden/report_html.html");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_html),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
