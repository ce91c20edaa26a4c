/* explain_test.c: what explains a run's numbers: states and their reasons reach the reader, once each and escaped. */
#include "harness/base/str.h"
#include "reports/chart.h"
#include "reports/chart.h"
#include "reports/explain.h"
#include "reports/html_explain.h"
#include "reports/report.h"
#include "tests/support/report_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct bench {
    char directory[64], path[96];
    struct arena arena;
    struct store *store;
    struct view view;
    struct explain explain;
};

static void set_up(struct bench *bench, struct report_fixture fixture)
{
    struct error error;
    int64_t run_id;
    *bench = (struct bench){ .directory = "/tmp/prony-explain-XXXXXX" };
    assert_non_null(mkdtemp(bench->directory));
    snprintf(bench->path, sizeof bench->path, "%s/test.db", bench->directory);
    if (store_open(&bench->store, bench->path, false, &error) ||
        report_fixture_fill(bench->store, &fixture, &run_id, &error) ||
        view_load(&bench->view, bench->store, "latest", "Explained", &bench->arena, &error) ||
        explain_load(&bench->explain, &bench->view, bench->store, &error))
        fail_msg("%s", error.text);
    bench->view.explain = &bench->explain;
}

static void tear_down(struct bench *bench)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    explain_release(&bench->explain);
    store_close(bench->store);
    arena_release(&bench->arena);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char file[112];
        snprintf(file, sizeof file, "%s%s", bench->path, endings[i]);
        unlink(file);
    }
    rmdir(bench->directory);
}

static size_t count_text(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

static const struct explain_cell *find_cell(const struct explain_table *table, size_t row, const char *name)
{
    for (size_t c = 0; c < table->column_count; c++)
        if (str_equal(table->columns[c].name, name))
            return &table->cells[row * table->column_count + c];
    return NULL;
}

static void test_states_reach_the_cells(void **state)
{
    (void)state;
    struct bench bench;
    set_up(&bench, (struct report_fixture){ .rounds = 3, .explained = true });
    const struct explain_pass *pass = &bench.explain.counters;
    assert_int_equal(pass->table_count, 1); /* other cases only have a counter that is nowhere */
    const struct explain_table *table = &pass->tables[0];
    assert_string_equal(table->title, "kernels / matvec");
    assert_int_equal(table->case_count, 2);
    assert_string_equal(explain_mark(find_cell(table, 0, "instructions")), "");
    assert_string_equal(explain_mark(find_cell(table, 0, "cycles")), "~");
    assert_string_equal(explain_mark(find_cell(table, 0, "estimated_cycles")), "≈");
    assert_true(fabs(find_cell(table, 0, "instructions")->value - 1.3e6) < 1);
    assert_null(find_cell(table, 0, "llc_misses")); /* named in the notes instead */
    assert_int_equal(find_cell(table, 1, "instructions")->series->thread_count, 2);
    tear_down(&bench);
}

static void test_each_reason_stands_once(void **state)
{
    (void)state;
    struct bench bench;
    struct str out = { 0 };
    set_up(&bench, (struct report_fixture){ .rounds = 3, .explained = true });
    size_t absent = 0;
    for (size_t n = 0; n < bench.explain.counters.note_count; n++) {
        const struct explain_note *note = &bench.explain.counters.notes[n];
        if (!strstr(note->reason, "no PMU"))
            continue;
        absent++;
        assert_string_equal(note->metrics, "LLC misses, dTLB walks");
        assert_string_equal(note->remedy, "use hardware, or a virtual machine with a PMU");
        assert_int_equal(note->case_count, 2);
        assert_false(note->marked);
    }
    assert_int_equal(absent, 1);
    html_counters(&bench.view, &bench.explain, &out);
    assert_int_equal(count_text(out.data, "this machine has no PMU that counts it"), 1);
    assert_non_null(strstr(out.data, "counted 50 % of the time"));
    assert_non_null(strstr(out.data, "thread 0: 780.0 k, thread 1: 520.0 k"));
    str_release(&out);
    tear_down(&bench);
}

static void test_checks(void **state)
{
    (void)state;
    struct bench bench;
    struct str out = { 0 };
    set_up(&bench, (struct report_fixture){ .rounds = 2, .explained = true });
    assert_string_equal(explain_check_line(&bench.view, &bench.explain), "1 machine check failed, 1 warn");
    html_checks(&bench.explain, &out);
    assert_non_null(strstr(out.data, "<code>cpupower frequency-set -g performance</code>"));
    assert_true(strstr(out.data, ">fail<") < strstr(out.data, ">warn<"));
    assert_non_null(strstr(out.data, "2 passed"));
    str_release(&out);
    tear_down(&bench);
}

/* A run that knows nothing of all this has none of the sections. */
static void test_nothing_to_explain(void **state)
{
    (void)state;
    struct bench bench;
    struct str out = { 0 };
    struct error error;
    const struct report_options options = { .gnuplot = NULL };
    set_up(&bench, (struct report_fixture){ .rounds = 2, .no_suites = true });
    assert_int_equal(report_html(&bench.view, &options, &out, &error), 0);
    assert_null(strstr(out.data, "id=\"checks\""));
    assert_null(strstr(out.data, "id=\"memory\""));
    assert_null(strstr(out.data, "id=\"callgrind\""));
    assert_string_equal(explain_check_line(&bench.view, &bench.explain), "");
    str_release(&out);
    tear_down(&bench);
}

static void test_hostile_reasons_are_escaped(void **state)
{
    (void)state;
    struct bench bench;
    struct str out = { 0 };
    struct error error;
    set_up(&bench, (struct report_fixture){ .rounds = 2 });
    const struct store_check check = {
        .name = "<b>", .verdict = "fail", .seen = "<img src=x>", .meaning = "</li>", .remedy = "a && b <c>"
    };
    struct store_metric metric = { .name = "<i>cycles",
                                   .unit = "</td>",
                                   .state = STORE_SCALED,
                                   .value = 5,
                                   .reason = "\"><script>",
                                   .remedy = "<u>" };
    struct store_sample sample = { .suite = "kernels",
                                   .name = "matvec/q8_0/avx2/rows:4864/cols:896",
                                   .iterations = 1,
                                   .real_time_ns = 1,
                                   .cpu_time_ns = 1,
                                   .label = "",
                                   .metrics = &metric,
                                   .metric_count = 1,
                                   .pass = STORE_PASS_COUNTERS };
    assert_int_equal(store_checks_add(bench.store, bench.view.run.id, &check, 1, &error), 0);
    assert_int_equal(store_sample_add(bench.store, bench.view.run.id, &sample, 1, &error), 0);
    assert_int_equal(view_load(&bench.view, bench.store, "latest", NULL, &bench.arena, &error), 0);
    assert_int_equal(explain_load(&bench.explain, &bench.view, bench.store, &error), 0);
    html_checks(&bench.explain, &out);
    html_counters(&bench.view, &bench.explain, &out);
    static const char *const forbidden[] = { "<img", "<script>", "<i>", "<u>", "<c>", "\"\">" };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        assert_null(strstr(out.data, forbidden[i]));
    assert_non_null(strstr(out.data, "&lt;script&gt;"));
    assert_non_null(strstr(out.data, "a &amp;&amp; b &lt;c&gt;"));
    str_release(&out);
    tear_down(&bench);
}

/* A heap that stands still hides nothing: then the resident set is drawn, if it changes by more than page noise. */
static void test_course_that_changes(void **state)
{
    (void)state;
    double operations[] = { 0, 10, 20 }, flat[] = { 5e6, 5e6, 5e6 }, grown[] = { 8e6, 9e6, 10e6 };
    double noise[] = { 8e6, 8e6 + 8192, 8e6 };
    struct store_course courses[] = {
        { .name = "live_bytes", .unit = "B", .operations = operations, .values = flat, .count = 3 },
        { .name = "rss_bytes", .unit = "B", .operations = operations, .values = grown, .count = 3 },
    };
    struct store_case source = { .suite = "s", .name = "a", .courses = courses, .course_count = 2 };
    struct view_case view_case = { .suite = "s", .name = "a", .source = &source };
    struct arena arena = { 0 };
    struct view view = { .arena = &arena, .cases = &view_case, .case_count = 1 };
    static const char *const expected[] = { "1.907 MiB after 20 operations", "0 B after 20 operations" };
    for (int i = 0; i < 2; i++) {
        struct chart chart = { .id = "memory", .title = "Memory" };
        struct chart_drawing drawing = { .width = 600, .height = 300 };
        courses[1].values = i ? noise : grown;
        assert_true(chart_memory(&view, &chart, &drawing));
        assert_int_equal(chart.tip_count, 1);
        if (!strstr(chart.tips[0], expected[i]) || !strstr(chart.tips[0], i ? "live heap" : "resident set"))
            fail_msg("%s", chart.tips[0]);
        str_release(&drawing.data);
        str_release(&drawing.settings);
    }
    arena_release(&arena);
}

/* Spans give a run without kernels one point in an empty plane: no roofline. */
static void test_a_forward_pass_alone_is_no_roofline(void **state)
{
    (void)state;
    struct bench bench;
    struct error error;
    set_up(&bench, (struct report_fixture){ .rounds = 2, .no_suites = true });
    const struct store_span span = {
        .operation = "qkv", .layer = 0, .calls = 1, .time_ns = 10, .bytes = 8, .flops = 16
    };
    const struct store_case *first = bench.view.cases[0].source;
    struct store_sample sample = { .suite = first->suite,
                                   .name = first->name,
                                   .iterations = 1,
                                   .real_time_ns = 20,
                                   .cpu_time_ns = 20,
                                   .label = "",
                                   .spans = &span,
                                   .span_count = 1,
                                   .pass = STORE_PASS_SPANS };
    assert_int_equal(store_sample_add(bench.store, bench.view.run.id, &sample, 1, &error), 0);
    assert_int_equal(view_load(&bench.view, bench.store, "latest", NULL, &bench.arena, &error), 0);
    assert_int_equal(bench.view.cases[0].source->span_count, 1);
    struct chart chart = { 0 };
    struct chart_drawing drawing = { .width = 600, .height = 400, .font = 13 };
    assert_false(chart_roofline(&bench.view, &chart, &drawing));
    assert_string_equal(chart.reason, "no kernel case counted its flops and bytes");
    str_release(&drawing.data);
    str_release(&drawing.settings);
    tear_down(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_reach_the_cells),
        cmocka_unit_test(test_each_reason_stands_once),
        cmocka_unit_test(test_course_that_changes),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_nothing_to_explain),
        cmocka_unit_test(test_hostile_reasons_are_escaped),
        cmocka_unit_test(test_a_forward_pass_alone_is_no_roofline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
