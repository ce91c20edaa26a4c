/* chart_test.c: what the charts of cases, of scaling and of the map draw, against tests/golden/chart_*.txt: settings
 * and data, of one the whole script; and parts of the site. PRONY_UPDATE_GOLDEN=1 rewrites them (scripts/golden). No
 * gnuplot is needed. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "reports/heat_map.h"
#include "reports/site.h"
#include "tests/support/golden.h"
#include "tests/support/history_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct bench {
    char directory[64];
    struct store *store;
    struct arena arena;
    struct view view;
    struct store_case *other;
    size_t other_count;
    struct store_run_row *runs;
    size_t run_count;
};

static int set_up(void **state)
{
    static const struct history_fixture fixture = { .runs = 10, .processes = 9, .branches = true, .explained = true };
    struct bench *bench = mem_alloc(sizeof *bench);
    struct history_fixture_result filled;
    struct error error;
    memset(bench, 0, sizeof *bench);
    strcpy(bench->directory, "/tmp/prony-charts-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    char *path = mem_format("%s/t.db", bench->directory), id[32];
    if (store_open(&bench->store, path, false, &error) || history_fixture_fill(bench->store, &fixture, &filled, &error))
        fail_msg("%s", error.text);
    snprintf(id, sizeof id, "%lld", (long long)filled.newest_run);
    if (view_load(&bench->view, bench->store, id, NULL, &bench->arena, &error) ||
        store_cases(bench->store, filled.baseline_run, &bench->arena, &bench->other, &bench->other_count, &error) ||
        store_runs(bench->store, 0, &bench->arena, &bench->runs, &bench->run_count, &error))
        fail_msg("%s", error.text);
    free(path);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    char *command = mem_format("rm -rf '%s'", bench->directory);
    store_close(bench->store);
    arena_release(&bench->arena);
    int status = system(command);
    free(command);
    free(bench);
    return status;
}

static void check_chart(const struct bench *bench, const char *id, chart_prepare *prepare, const void *subject,
                        bool whole)
{
    const struct chart_job job = { id, "Title", prepare, false, { 300, 250 }, subject };
    struct chart chart = { .id = id, .title = "Title", .subject = subject };
    struct chart_drawing drawing = chart_drawing_new(&job, 1);
    struct str out = { 0 };
    if (!prepare(&bench->view, &chart, &drawing))
        fail_msg("%s: %s", id, chart.reason);
    str_appendf(&out, "%s\n\n", chart.note);
    for (size_t i = 0; i < chart.legend_count; i++)
        str_appendf(&out, "legend: %s, series %d, mark %d\n", chart.legend[i].text, chart.legend[i].series,
                    (int)chart.legend[i].mark);
    if (whole)
        chart_script(&out, &drawing, id, "page", NULL);
    else
        str_appendf(&out, "%s.gp\n%s", drawing.script, str_text(&drawing.settings));
    str_append(&out, "\n");
    str_append(&out, str_text(&drawing.data));
    char *path = mem_format("tests/golden/chart_%s.txt", id);
    golden_check(path, str_text(&out));
    free(path);
    str_release(&out);
    chart_drawing_release(&drawing);
}

static struct chart_sides sides_of(const struct bench *bench, const char *name)
{
    struct chart_sides sides = { .name = "run 10", .other_name = "baseline" };
    for (size_t i = 0; i < bench->view.case_count; i++)
        if (str_equal(bench->view.cases[i].name, name))
            sides.view_case = &bench->view.cases[i];
    for (size_t i = 0; i < bench->other_count; i++)
        if (str_equal(bench->other[i].name, name))
            sides.other = &bench->other[i];
    return sides;
}

static void test_case_charts(void **state)
{
    const struct bench *bench = *state;
    struct chart_sides kernel = sides_of(bench, history_fixture_regressed),
                       decode = sides_of(bench, "decode/qwen2.5-0.5b/q8_0/ctx:128/threads:1");
    check_chart(bench, "ecdf", chart_case_ecdf, &kernel, true);
    check_chart(bench, "spread", chart_case_spread, &kernel, false);
    check_chart(bench, "latency", chart_case_latency, &decode, false);
    check_chart(bench, "memory", chart_case_memory, &decode, false);
}

static void test_scaling_charts(void **state)
{
    const struct bench *bench = *state;
    check_chart(bench, "threads_speedup", chart_threads_speedup, NULL, false);
    check_chart(bench, "batch_speedup", chart_batch_speedup, NULL, false);
}

static void test_map(void **state)
{
    struct bench *bench = *state;
    static const char *const names[] = { history_fixture_steady, history_fixture_regressed, history_fixture_improved };
    struct history histories[3];
    const struct history *pointers[3];
    struct error error;
    for (size_t i = 0; i < 3; i++) {
        const struct history_options options = { .branch = "main", .machine = bench->view.run.fingerprint };
        assert_int_equal(
            history_load(&histories[i], bench->store, history_fixture_suite, names[i], &options, &bench->arena, &error),
            0);
        pointers[i] = &histories[i];
    }
    check_chart(bench, "heat", chart_heat,
                heat_map_build(&bench->arena, bench->runs, bench->run_count, &bench->view.run, pointers, names, 3),
                false);
}

/* A page of the site without head and footer. */
static void test_site_pages(void **state)
{
    struct bench *bench = *state;
    const struct report_options options = { .gnuplot = NULL, .now_ns = 1795250000LL * 1000000000 };
    struct site_result result;
    struct error error;
    char *directory = mem_format("%s/site", bench->directory), *text = NULL;
    char *page = mem_format("%s/suites/kernels.html", directory), *index = mem_format("%s/assets/data.js", directory);
    size_t length;
    if (site_write(bench->store, directory, "Golden", &options, &bench->arena, &result, &error) ||
        file_read(page, &text, &length, &error))
        fail_msg("%s", error.text);
    char *from = strstr(text, "<header>"), *to = strstr(text, "<footer>");
    assert_true(from && to);
    *to = 0;
    golden_check("tests/golden/site_suite.html", from);
    free(text);
    assert_int_equal(file_read(index, &text, &length, &error), 0);
    golden_check("tests/golden/site_data.txt", text);
    free(text);
    free(index);
    free(page);
    free(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_case_charts),
        cmocka_unit_test(test_scaling_charts),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_site_pages),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
