/* report_test.c: what a report says (view), how it writes numbers and foreign text, and that its charts get drawn. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/chart.h"
#include "reports/chart_place.h"
#include "reports/escape.h"
#include "reports/report.h"
#include "reports/run_charts.h"
#include "reports/site_internal.h"
#include "tests/support/report_fixture.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- a store in a temporary directory ---- */

struct bench {
    char directory[64], path[96];
    struct store *store;
    struct arena arena;
    struct view view;
};

static void open_bench(struct bench *bench)
{
    struct error error;
    memset(bench, 0, sizeof *bench);
    snprintf(bench->directory, sizeof bench->directory, "/tmp/prony-report-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    snprintf(bench->path, sizeof bench->path, "%s/test.db", bench->directory);
    if (store_open(&bench->store, bench->path, false, &error))
        fail_msg("%s", error.text);
}

static void load(struct bench *bench)
{
    struct error error;
    if (view_load(&bench->view, bench->store, NULL, NULL, &bench->arena, &error))
        fail_msg("%s", error.text);
}

static void close_bench(struct bench *bench)
{
    char path[128];
    store_close(bench->store);
    arena_release(&bench->arena);
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < COUNT(endings); i++) {
        snprintf(path, sizeof path, "%s%s", bench->path, endings[i]);
        unlink(path);
    }
    rmdir(bench->directory);
}

static void open_fixture(struct bench *bench, struct report_fixture fixture)
{
    struct error error;
    int64_t run_id;
    open_bench(bench);
    if (report_fixture_fill(bench->store, &fixture, &run_id, &error))
        fail_msg("%s", error.text);
    load(bench);
}

static const struct view_case *find_case(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->case_count; i++)
        if (str_equal(view->cases[i].name, name))
            return &view->cases[i];
    fail_msg("no case %s", name);
    return NULL;
}

static void write_report(const struct bench *bench, const char *format, const char *gnuplot, struct str *out)
{
    struct error error = { 0 };
    struct report_options options = { .gnuplot = gnuplot };
    if (report_format_find(format)->write(&bench->view, &options, out, &error))
        fail_msg("%s: %s", format, error.text);
}

static size_t count_text(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        count++;
    return count;
}

/* ---- numbers and text ---- */

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        enum number_kind kind;
        double value;
        const char *text;
    } expected[] = {
        { NUMBER_TIME_NS, 12.3, "12.30 ns" },
        { NUMBER_TIME_NS, 1234567, "1.235 ms" },
        { NUMBER_TIME_NS, 9.9996e9, "10.00 s" },
        { NUMBER_FLOP_RATE, 1.5e12, "1.500 TFLOP/s" },
        { NUMBER_BYTE_RATE, 21.4e9, "21.40 GB/s" },
        { NUMBER_BYTES, 1536, "1.500 KiB" },
        { NUMBER_PERCENT, 82.345, "82.34 %" },
        { NUMBER_TOKEN_RATE, 43.125, "43.12 tok/s" },
        { NUMBER_TOKEN_RATE, 17515, "17.52 ktok/s" },
        { NUMBER_PLAIN, 2.5e-7, "2.50e-07" },
        { NUMBER_PLAIN, 0, "0" },
        { NUMBER_PLAIN, 123456, "123456" },
        { NUMBER_TIME_NS, NAN, "n/a" },
    };
    char buffer[48];
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(number_text(buffer, sizeof buffer, expected[i].kind, expected[i].value), expected[i].text);
}

static void check_escape(void escape(struct str *, const char *), const char *text, const char *expected)
{
    struct str out = { 0 };
    escape(&out, text);
    assert_string_equal(str_text(&out), expected);
    str_release(&out);
}

static void test_escapes(void **state)
{
    (void)state;
    check_escape(escape_html, "<a href=\"x\">'&'</a>\n\x1b[1m",
                 "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;\n [1m");
    check_escape(escape_html, "\xff\xfe ok \xc3\xa9", "\xef\xbf\xbd\xef\xbf\xbd ok \xc3\xa9");
    check_escape(escape_html, "right\xe2\x80\xaeleft", "right left"); /* bidirectional override */
    check_escape(escape_html_name, "a/<b", "a/<wbr>&lt;b");
    check_escape(escape_markdown, "q8_0 | `x` <b> [a](b)", "q8\\_0 \\| \\`x\\` &lt;b> \\[a\\](b)");
    check_escape(escape_chart, "q8_0 ctx:128 \"'\\n`$@{}<>&\t\xe6\xa8\xa1",
                 "q8_0 ctx:128 \u201d\u2019\u2216n\u2018$@{}<>&?\xe6\xa8\xa1");
    check_escape(escape_plain, "a\tb\nc\x7f", "a b c ");
}

static void test_fit(void **state)
{
    (void)state;
    struct str out = { 0 };
    escape_fit(&out, "short", 10);
    assert_string_equal(str_text(&out), "short");
    str_clear(&out);
    escape_fit(&out, "abcdefghijklmnop", 9);
    assert_string_equal(str_text(&out), "abcd\xe2\x80\xa6mnop");
    assert_int_equal(escape_width(str_text(&out)), 9);
    str_clear(&out);
    escape_fit(&out, "\xe6\xa8\xa1\xe5\x9e\x8b\xe6\x96\x87\xe4\xbb\xb6\xe6\x96\x87\xe4\xbb\xb6",
               8); /* wide: 12 columns */
    assert_true(escape_width(str_text(&out)) <= 8);
    str_release(&out);
}

static void test_case_names(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    const char *name = "decode/qwen2.5-0.5b/q8_0/ctx:128/threads:2";
    assert_string_equal(case_name_part(&arena, name, 0), "decode");
    assert_string_equal(case_name_part(&arena, name, 2), "q8_0");
    assert_string_equal(case_name_part(&arena, name, 9), "");
    assert_string_equal(case_name_argument(&arena, name, "ctx"), "128");
    assert_null(case_name_argument(&arena, name, "tokens"));
    assert_true(case_name_number(name, "threads", 1) == 2);
    assert_true(case_name_number("x/threads:many", "threads", 1) == 1);
    assert_true(case_name_number("threads:4", "threads", 1) == 4);
    assert_string_equal(case_name_rest("plain"), "plain");
    assert_string_equal(case_name_rest("a/b/c"), "b/c");
    arena_release(&arena);
}

/* ---- the view ---- */

static void add(struct bench *bench, int64_t run_id, int process, int repetition, double time_ns, double rate,
                double delay_ns)
{
    struct error error;
    struct store_metric metrics[] = {
        { .name = "tokens_per_second", .unit = "1/s", .value = rate, .state = STORE_OK },
        { .name = "run_delay_ns", .unit = "ns", .value = delay_ns, .state = STORE_OK },
        { .name = "cycles", .unit = "", .value = NAN, .state = STORE_UNSUPPORTED, .reason = "no PMU" },
    };
    struct store_sample sample = { .suite = "generate",
                                   .name = "decode/m/f32/ctx:1/threads:1",
                                   .round = process,
                                   .process = process,
                                   .repetition = repetition,
                                   .iterations = 10,
                                   .real_time_ns = time_ns,
                                   .cpu_time_ns = time_ns,
                                   .metrics = metrics,
                                   .metric_count = COUNT(metrics) };
    if (store_sample_add(bench->store, run_id, &sample, 1, &error))
        fail_msg("%s", error.text);
}

static int64_t begin(struct bench *bench)
{
    struct error error;
    struct store_run run = { .plan = "p", .command = "c", .fingerprint = "f" };
    int64_t run_id;
    if (store_run_begin(bench->store, &run, &run_id, &error))
        fail_msg("%s", error.text);
    return run_id;
}

/* Three processes with three repetitions each: n is 3, and each process counts by its median. */
static void test_processes_are_the_unit(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    int64_t run_id = begin(&bench);
    for (int process = 0; process < 3; process++)
        for (int repetition = 0; repetition < 3; repetition++)
            add(&bench, run_id, process, repetition, 1000, 100 * (process + 1) + (repetition == 2 ? 5000 : repetition),
                process == 1 && repetition == 0 ? 101 : 99); /* 1 % of 10 x 1000 ns is 100 */
    load(&bench);
    const struct view_case *view_case = &bench.view.cases[0];
    assert_int_equal(view_case->samples, 9);
    assert_int_equal(view_case->processes, 3);
    assert_int_equal(view_case->main.count, 3);
    assert_string_equal(view_case->main_name, "tokens_per_second");
    assert_true(view_case->main.median == 201 && view_case->main.minimum == 101 && view_case->main.maximum == 301);
    assert_true(view_case->main.interval.coverage == 0.75);
    assert_int_equal(view_case->contaminated, 1);
    assert_int_equal(view_case->delay_known, 9);
    assert_false(view_case->within_process);
    assert_null(view_metric(view_case, "cycles"));
    const struct view_metric *cycles = NULL;
    for (size_t i = 0; i < view_case->metric_count; i++)
        if (str_equal(view_case->metrics[i].name, "cycles"))
            cycles = &view_case->metrics[i];
    assert_non_null(cycles);
    assert_string_equal(cycles->reason, "no PMU");
    close_bench(&bench);
}

static void test_single_process_says_so(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    int64_t run_id = begin(&bench);
    for (int repetition = 0; repetition < 4; repetition++)
        add(&bench, run_id, 7, repetition, 1000, 50 + repetition, 0);
    load(&bench);
    assert_true(bench.view.cases[0].within_process);
    assert_int_equal(bench.view.cases[0].main.count, 4);
    assert_non_null(strstr(view_notes(&bench.view, &bench.view.cases[0]), "one process"));
    close_bench(&bench);
}

static void test_problems_are_visible(void **state)
{
    (void)state;
    struct bench bench;
    open_fixture(&bench, (struct report_fixture){ .rounds = 3, .problems = true });
    const struct view *view = &bench.view;
    assert_int_equal(view->problem_count, 4);
    assert_int_equal(view->failed, 3);
    assert_int_equal(view->problems[0].kind, VIEW_FAILED);
    assert_int_equal(view->problems[0].count, 2); /* the same crash in two rounds */
    assert_non_null(strstr(view->problems[0].detail, "merges"));
    assert_int_equal(view->problems[2].kind, VIEW_ERROR);
    assert_int_equal(view->problems[3].kind, VIEW_SKIPPED);
    assert_string_equal(view_problem_line(view), "3 suite processes failed, 1 case with errors, 1 case skipped");
    static const char *const formats[] = { "text", "markdown", "html", "json" };
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct str out = { 0 };
        write_report(&bench, formats[i], NULL, &out);
        assert_non_null(strstr(out.data, "output differs from the scalar kernel"));
        assert_non_null(strstr(out.data, "killed by signal 11"));
        str_release(&out);
    }
    close_bench(&bench);
}

static void test_key_numbers(void **state)
{
    (void)state;
    struct bench bench;
    open_fixture(&bench, (struct report_fixture){ .rounds = 6 });
    static const char *const titles[] = { "Decode, 1 thread",    "Decode, 2 threads", "Prefill, 2 threads",
                                          "Time to first token", "Model load",        "Peak memory",
                                          "Fastest GEMM",        "Fastest GEMV" };
    assert_int_equal(bench.view.key_count, COUNT(titles));
    for (size_t i = 0; i < COUNT(titles); i++)
        assert_string_equal(bench.view.keys[i].title, titles[i]);
    const struct view_case *decode = find_case(&bench.view, "decode/qwen2.5-0.5b/q8_0/ctx:128/threads:2");
    assert_ptr_equal(bench.view.keys[1].source, decode);
    assert_true(bench.view.keys[1].summary.median == decode->main.median);
    assert_true(decode->main.interval.coverage >= 0.95);
    close_bench(&bench);
}

static void test_foreign_benchmark(void **state)
{
    (void)state;
    struct bench bench;
    open_fixture(&bench, (struct report_fixture){ .rounds = 6, .no_suites = true });
    assert_int_equal(bench.view.key_count, 0);
    assert_int_equal(bench.view.group_count, 1);
    assert_string_equal(bench.view.cases[0].main_name, "real_time");
    assert_false(bench.view.cases[0].higher_is_better);
    struct str out = { 0 };
    write_report(&bench, "html", "gnuplot", &out);
    assert_non_null(strstr(out.data, "BM_Lookup&lt;std::map&lt;int, std::string&gt;&gt;"));
    assert_non_null(strstr(out.data, "Charts left out: "));
    assert_int_equal(count_text(out.data, "<figure"), 1); /* its samples over the run */
    str_release(&out);
    close_bench(&bench);
}

static void test_empty_run(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    begin(&bench);
    load(&bench);
    for (size_t i = 0; i < report_format_count; i++) {
        struct str out = { 0 };
        write_report(&bench, report_formats[i].name, NULL, &out);
        assert_true(out.length > 0);
        if (i == 0)
            assert_non_null(strstr(out.data, "nothing was measured"));
        str_release(&out);
    }
    close_bench(&bench);
}

/* ---- hostile text ---- */

static void test_hostile_names(void **state)
{
    (void)state;
    struct bench bench;
    struct str out = { 0 };
    open_fixture(&bench, (struct report_fixture){ .rounds = 2, .hostile = true });
    write_report(&bench, "html", access("/usr/bin/gnuplot", X_OK) == 0 ? "/usr/bin/gnuplot" : NULL, &out);
    assert_int_equal(count_text(out.data, "<script"), 1); /* our own */
    assert_int_equal(count_text(out.data, "<img"), 0);
    assert_int_equal(count_text(out.data, "</table><h1>"), 0);
    assert_int_equal(count_text(out.data, "\"onmouseover"), 0);
    assert_null(strstr(out.data, "onmousemove")); /* gnuplot's own handlers */
    for (size_t i = 0; i < out.length; i++)
        assert_true((unsigned char)out.data[i] >= 32 || out.data[i] == '\n');
    assert_int_not_equal(access("pwned", F_OK), 0);
    str_clear(&out);
    write_report(&bench, "text", NULL, &out);
    for (size_t i = 0; i < out.length; i++)
        assert_true((unsigned char)out.data[i] >= 32 || out.data[i] == '\n');
    str_clear(&out);
    write_report(&bench, "json", NULL, &out);
    json_error_t error;
    json_t *json = json_loads(out.data, 0, &error);
    if (!json)
        fail_msg("json: line %d: %s", error.line, error.text);
    assert_int_equal(json_array_size(json_object_get(json, "cases")), bench.view.case_count);
    json_decref(json);
    str_release(&out);
    close_bench(&bench);
}

static void test_text_is_100_columns_wide(void **state)
{
    (void)state;
    struct bench bench;
    struct str out = { 0 };
    open_fixture(&bench, (struct report_fixture){ .rounds = 3, .many = true, .problems = true, .hostile = true });
    write_report(&bench, "text", NULL, &out);
    for (char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n"))
        if (escape_width(line) > 100)
            fail_msg("%d columns: %s", escape_width(line), line);
    str_release(&out);
    close_bench(&bench);
}

/* ---- charts ---- */

static void test_every_chart_is_drawn(void **state)
{
    (void)state;
    if (access("/usr/bin/gnuplot", X_OK) != 0) {
        print_message("skipped: no gnuplot\n");
        skip();
    }
    struct bench bench;
    struct chart *charts;
    size_t count;
    open_fixture(&bench, (struct report_fixture){ .rounds = 3, .many = true });
    charts_draw(&bench.view, "/usr/bin/gnuplot", &charts, &count);
    assert_int_equal(count, 10);
    for (size_t i = 0; i < count; i++) {
        if (str_equal(charts[i].id, "memory")) { /* the fixture watches no memory */
            assert_non_null(charts[i].reason);
            continue;
        }
        if (charts[i].reason)
            fail_msg("%s: %s", charts[i].id, charts[i].reason);
        for (int layout = 0; layout < CHART_LAYOUTS; layout++) {
            const char *svg = charts[i].svg[layout];
            assert_non_null(svg);
            assert_true(str_starts(svg, "<svg viewBox=") && str_ends(svg, "</svg>"));
            assert_null(strstr(svg, "rgb("));
            assert_null(strstr(svg, "black"));
            assert_null(strstr(svg, "id='gp")); /* every id has the chart's prefix */
            assert_null(strstr(svg, "nan"));
            assert_int_equal(count_text(svg, "<g"), count_text(svg, "</g>"));
            assert_true(count_text(svg, "class=\"tip\"><title>") > 0);
        }
    }
    close_bench(&bench);
}

static void test_one_sample_a_case_draws_too(void **state)
{
    (void)state;
    if (access("/usr/bin/gnuplot", X_OK) != 0)
        skip();
    struct bench bench;
    struct chart *charts;
    size_t count;
    open_fixture(&bench, (struct report_fixture){ .rounds = 1 });
    charts_draw(&bench.view, "/usr/bin/gnuplot", &charts, &count);
    for (size_t i = 0; i < count; i++) /* noise and memory need more */
        if (charts[i].reason && !str_equal(charts[i].id, "memory") && !str_equal(charts[i].id, "noise"))
            fail_msg("%s: %s", charts[i].id, charts[i].reason);
    close_bench(&bench);
}

static void test_missing_gnuplot_is_said(void **state)
{
    (void)state;
    struct bench bench;
    struct str out = { 0 };
    open_fixture(&bench, (struct report_fixture){ .rounds = 2 });
    write_report(&bench, "html", "/nonexistent/gnuplot", &out);
    assert_int_equal(
        count_text(out.data, "not drawn: gnuplot is needed, and /nonexistent/gnuplot cannot be started: No such file"),
        9);
    assert_non_null(strstr(out.data, "Fastest GEMM"));
    str_release(&out);
    close_bench(&bench);
}

static void test_names_of_pages(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    static const char *const names[] = { "a/b", "A/b", "a:b", "a b", "a//b", "../../etc/passwd", "", "模型", "a-b" };
    char longest[400];
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *slug = site_slug(&arena, names[i]);
        assert_int_equal(strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789._-"), strlen(slug));
        assert_true(*slug != '.' && *slug != '-' && *slug);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(slug, site_slug(&arena, names[j]));
    }
    assert_true(str_starts(site_slug(&arena, "decode/q8_0/threads:2"), "decode-q8_0-threads-2-"));
    assert_string_equal(site_short_slug(&arena, "kernels"), "kernels");
    assert_string_not_equal(site_short_slug(&arena, "Kernels"), "kernels");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    assert_true(strlen(site_slug(&arena, longest)) < 100);
    arena_release(&arena);
}

/* Checks how the file begins and what it does not hold, and removes it. */
static void check_file(const struct bench *bench, const char *name, const char *begins, const char *never)
{
    char path[256], *text;
    size_t length;
    struct error error;
    snprintf(path, sizeof path, "%s/charts/%s", bench->directory, name);
    if (file_read(path, &text, &length, &error))
        fail_msg("%s", error.text);
    if (!memmem(text, length < 16 ? length : 16, begins, strlen(begins)))
        fail_msg("%s does not begin with %s", name, begins);
    if (never && strstr(text, never))
        fail_msg("%s holds %s", name, never);
    free(text);
    unlink(path);
}

static void test_charts_stand_alone(void **state)
{
    (void)state;
    if (access("/usr/bin/gnuplot", X_OK) != 0)
        skip();
    struct bench bench;
    const struct chart *charts;
    struct error error;
    char directory[128], name[96];
    size_t count, drawn = 0;
    open_fixture(&bench, (struct report_fixture){ .rounds = 3, .hostile = true });
    snprintf(directory, sizeof directory, "%s/charts", bench.directory);
    if (run_charts_save(bench.store, &bench.view, "^decode/qwen2.5", "/usr/bin/gnuplot", directory, &charts, &count,
                        &error))
        fail_msg("%s", error.text);
    for (size_t i = 0; i < count; i++) {
        static const char *const files[][3] = { { "png", "PNG", NULL },
                                                { "svg", "<svg xmlns=", "var(" },
                                                { "gp", "# gnuplot", "script>" },
                                                { "text.tsv", "", NULL },
                                                { "tsv", "", NULL } };
        for (size_t f = 0; f < COUNT(files) && !charts[i].reason; f++) {
            snprintf(name, sizeof name, "%s.%s", charts[i].id, files[f][0]);
            check_file(&bench, name, files[f][1], files[f][2]);
        }
        drawn += !charts[i].reason;
    }
    assert_int_equal(drawn, 9 + 2 * 3);    /* two cases: ecdf, spread, latency */
    assert_int_equal(rmdir(directory), 0); /* nothing else was left there */
    assert_int_equal(
        run_charts_save(bench.store, &bench.view, NULL, "/usr/bin/gnuplot", "/proc/nowhere", &charts, &count, &error),
        ERROR_IO);
    assert_non_null(strstr(error.text, "/proc/nowhere"));
    close_bench(&bench);
}

/* A gnuplot that refuses one script costs that chart only. */
static void test_one_bad_chart_costs_only_itself(void **state)
{
    (void)state;
    if (access("/usr/bin/gnuplot", X_OK) != 0)
        skip();
    struct bench bench;
    struct chart *charts;
    size_t count;
    char program[96];
    struct error error;
    static const char script[] =
        "#!/bin/sh\nsed -i 's/^# decode.gp.*/nonsense/' \"$2\"\nexec /usr/bin/gnuplot \"$@\"\n";
    open_fixture(&bench, (struct report_fixture){ .rounds = 2 });
    snprintf(program, sizeof program, "%s/gnuplot", bench.directory);
    assert_int_equal(file_write(program, script, sizeof script - 1, &error), 0);
    assert_int_equal(chmod(program, 0700), 0);
    charts_draw(&bench.view, program, &charts, &count);
    for (size_t i = 0; i < count; i++)
        if (str_equal(charts[i].id, "decode"))
            assert_true(charts[i].reason && strstr(charts[i].reason, "invalid command"));
        else if (!str_equal(charts[i].id, "memory"))
            assert_null(charts[i].reason);
    unlink(program);
    close_bench(&bench);
}

static void test_labels_never_overlap(void **state)
{
    (void)state;
    struct chart_place *place = mem_alloc(sizeof *place);
    struct rng rng;
    struct chart_box boxes[300];
    struct chart_leader leader;
    size_t placed = 0;
    rng_seed(&rng, 3);
    place->bounds = (struct chart_box){ 0, 0, 600, 400 };
    for (size_t i = 0; i < COUNT(boxes); i++)
        placed += chart_place_around(place, 600 * rng_uniform(&rng), 400 * rng_uniform(&rng),
                                     20 + 60 * rng_uniform(&rng), 12, 90, &boxes[placed], &leader);
    assert_true(placed > 100 && placed < COUNT(boxes)); /* the room is not enough for all */
    for (size_t i = 0; i < placed; i++) {
        assert_true(boxes[i].left >= 0 && boxes[i].right <= 600 && boxes[i].top >= 0 && boxes[i].bottom <= 400);
        for (size_t j = 0; j < i; j++)
            assert_false(boxes[i].left < boxes[j].right && boxes[j].left < boxes[i].right &&
                         boxes[i].top < boxes[j].bottom && boxes[j].top < boxes[i].bottom);
    }
    free(place);
}

static void test_svg_refuses_half_a_file(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct chart chart = { .title = "t" };
    assert_null(svg_inline(&arena, "", &chart, "x-"));
    assert_null(svg_inline(&arena, "<svg viewBox=\"0 0 1 1\"><desc>d</desc><g>", &chart, "x-"));
    assert_non_null(svg_inline(&arena, "<svg viewBox=\"0 0 1 1\"><desc>d</desc><g></g></svg>", &chart, "x-"));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_case_names),
        cmocka_unit_test(test_processes_are_the_unit),
        cmocka_unit_test(test_single_process_says_so),
        cmocka_unit_test(test_problems_are_visible),
        cmocka_unit_test(test_key_numbers),
        cmocka_unit_test(test_foreign_benchmark),
        cmocka_unit_test(test_empty_run),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_text_is_100_columns_wide),
        cmocka_unit_test(test_every_chart_is_drawn),
        cmocka_unit_test(test_one_sample_a_case_draws_too),
        cmocka_unit_test(test_missing_gnuplot_is_said),
        cmocka_unit_test(test_charts_stand_alone),
        cmocka_unit_test(test_names_of_pages),
        cmocka_unit_test(test_one_bad_chart_costs_only_itself),
        cmocka_unit_test(test_labels_never_overlap),
        cmocka_unit_test(test_svg_refuses_half_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
