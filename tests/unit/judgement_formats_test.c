/* judgement_formats_test.c: what must hold for every format of every judgement: it is written at all, hostile names
 * stay text, limits are kept, two thousand cases are no problem. What it looks like: tests/golden/judgement_test.c. */
#include "reports/escape.h"
#include "reports/judgement_cases.h"
#include "reports/judgement_source.h"
#include "reports/judgement_words.h"
#include "reports/text.h"
#include "tests/support/judgement_fixture.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <utf8proc.h>

enum { FIXTURES = JUDGEMENT_FIXTURE_MANY + 1 };

/* Needs gnuplot: tests/e2e/judgement_consumers_test.c. */
static bool is_picture(const struct judgement_format *format)
{
    return str_equal(format->name, "png") || str_equal(format->name, "svg");
}

static void write_as(const char *format, enum judgement_fixture fixture, const char *picture, struct str *out)
{
    struct arena arena = { 0 };
    struct judgement judgement;
    struct error error;
    const struct report_options options = { .now_ns = 1795250000LL * 1000000000, .picture = picture };
    judgement_fixture_make(fixture, &judgement, &arena);
    str_clear(out);
    if (judgement_format_find(format)->write(&judgement, &options, out, &error))
        fail_msg("%s: %s", format, error.text);
    arena_release(&arena);
}

static bool is_utf8(const char *text)
{
    for (const char *at = text; *at;) {
        utf8proc_int32_t code;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &code);
        if (length <= 0)
            return false;
        at += length;
    }
    return true;
}

static void test_every_format_writes_every_judgement(void **state)
{
    (void)state;
    for (size_t f = 0; f < judgement_format_count; f++)
        for (int i = 0; i < FIXTURES && !is_picture(&judgement_formats[f]); i++) {
            struct str out = { 0 };
            write_as(judgement_formats[f].name, (enum judgement_fixture)i, NULL, &out);
            assert_true(is_utf8(str_text(&out)));
            for (const char *at = str_text(&out); *at; at++)
                if ((unsigned char)*at < 32 && *at != '\n' && *at != '\t' && *at != '\r')
                    fail_msg("%s, fixture %d: control character %d", judgement_formats[f].name, i, *at);
            str_release(&out);
        }
    assert_null(judgement_format_find("nonsense"));
}

static void test_text_fits_a_terminal(void **state)
{
    (void)state;
    struct str out = { 0 };
    for (int i = 0; i < FIXTURES; i++) {
        write_as("text", (enum judgement_fixture)i, NULL, &out);
        for (char *line = out.data, *end; *line; line = end + 1) {
            end = strchr(line, '\n');
            assert_non_null(end);
            *end = 0;
            if (escape_width(line) > TEXT_WIDTH)
                fail_msg("fixture %d: %d columns: %s", i, escape_width(line), line);
        }
    }
    str_release(&out);
}

static void test_comment_is_below_the_limit(void **state)
{
    (void)state;
    struct str out = { 0 };
    for (int i = 0; i < FIXTURES; i++) {
        write_as("markdown", (enum judgement_fixture)i, i % 2 ? "forest.png" : NULL, &out);
        assert_true(out.length < JUDGEMENT_COMMENT_LIMIT);
        assert_true(str_starts(out.data, JUDGEMENT_MARKER "\n"));
    }
    str_release(&out);
}

/* Hundreds of regressions hide no improvement: neither in the table nor in the picture. */
static void test_comment_keeps_improvements(void **state)
{
    (void)state;
    struct str out = { 0 };
    write_as("markdown", JUDGEMENT_FIXTURE_MANY, NULL, &out);
    const char *picture = strstr(out.data, "```text"), *improved = strstr(out.data, "| improved |");
    assert_non_null(picture);
    assert_true(improved && improved < picture);
    assert_non_null(strstr(picture, "▼"));
    assert_non_null(strstr(out.data, "more that got worse, "));
    str_release(&out);
}

/* Names as long and as hard to escape as can be: rows are cut and sections left out, and it says so. */
static void test_comment_of_long_names(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct judgement judgement;
    struct str out = { 0 };
    const struct report_options options = { 0 };
    judgement_fixture_make(JUDGEMENT_FIXTURE_MANY, &judgement, &arena);
    char *name = arena_alloc(&arena, 3001), *reason = arena_alloc(&arena, 3001);
    memset(name, '&', 3000);
    memset(reason, '@', 3000);
    for (size_t i = 0; i < judgement.comparisons->case_count; i++) {
        judgement.comparisons->cases[i].name = name;
        judgement.comparisons->cases[i].reason = reason;
    }
    judgement.title = name;
    assert_int_equal(judgement_markdown(&judgement, &options, &out, NULL), 0);
    assert_true(out.length < JUDGEMENT_COMMENT_LIMIT);
    assert_non_null(strstr(out.data, "left out: a comment holds no more"));
    str_release(&out);
    arena_release(&arena);
}

static void test_hostile_markdown(void **state)
{
    (void)state;
    struct str out = { 0 };
    write_as("markdown", JUDGEMENT_FIXTURE_HOSTILE, "x\" onerror=\"alert(1)", &out);
    assert_null(strstr(out.data, "<script>"));
    assert_null(strstr(out.data, "<b>"));
    assert_null(strstr(out.data + 1, "<!-- -->]"));
    assert_null(strstr(out.data, "onerror=\""));
    assert_null(strstr(out.data, "[link](x)"));
    /* One <details> for each </details>, whatever the names say. */
    size_t opened = 0, closed = 0;
    for (const char *at = out.data; (at = strstr(at, "<details>")) != NULL; at++)
        opened++;
    for (const char *at = out.data; (at = strstr(at, "</details>")) != NULL; at++)
        closed++;
    assert_int_equal(opened, closed);
    str_release(&out);
}

static json_t *load(const struct str *out)
{
    json_error_t error;
    json_t *json = json_loads(out->data, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("line %d: %s", error.line, error.text);
    return json;
}

static void test_json(void **state)
{
    (void)state;
    struct str out = { 0 };
    for (int i = 0; i < JUDGEMENT_FIXTURE_MANY; i++) {
        write_as("json", (enum judgement_fixture)i, NULL, &out);
        json_decref(load(&out));
    }
    write_as("json", JUDGEMENT_FIXTURE_FULL, NULL, &out);
    json_t *json = load(&out);
    assert_string_equal(json_string_value(json_object_get(json, "format")), "prony-judgement");
    assert_int_equal(json_integer_value(json_object_get(json, "version")), 1);
    assert_int_equal(json_integer_value(json_object_get(json, "exit_status")), GATE_REGRESSED);
    json_t *comparison = json_array_get(json_object_get(json, "comparisons"), 0);
    json_t *first = json_array_get(json_object_get(comparison, "cases"), 0);
    json_t *time = json_object_get(first, "time");
    assert_true(fabs(json_real_value(json_object_get(time, "percent")) - 4.4) < 1e-9);
    assert_true(fabs(json_real_value(json_object_get(time, "effect")) - log(1.044)) < 1e-9);
    assert_int_equal(json_array_size(json_object_get(comparison, "cases")), 15);
    assert_int_equal(json_array_size(json_object_get(json_object_get(json, "gate"), "tiers")), GATE_TIER_COUNT);
    json_decref(json);
    str_release(&out);
}

static void test_numbers(void **state)
{
    (void)state;
    char text[40];
    static const struct {
        double percent;
        const char *text;
    } effects[] = { { 5.06, "+5.1 %" }, { -0.04, "-0.04 %" }, { 0, "0.0 %" },
                    { 0.001, "0.0 %" }, { 150, "+150 %" },    { -99.96, "-100 %" },
                    { 1900, "20x" },    { -31, "-31.0 %" },   { 99.44, "+99.4 %" } };
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        assert_string_equal(judgement_effect(text, sizeof text, log1p(effects[i].percent / 100)), effects[i].text);
    assert_string_equal(judgement_effect(text, sizeof text, NAN), "n/a");
    assert_string_equal(judgement_size(text, sizeof text, INFINITY), "none");
    assert_string_equal(judgement_size(text, sizeof text, log(1.02)), "2.0 %");
    assert_string_equal(judgement_probability(text, sizeof text, 0.0004), "<0.001");
    assert_string_equal(judgement_probability(text, sizeof text, 0.0451), "0.045");
    assert_string_equal(judgement_probability(text, sizeof text, 0.6), "0.60");
    assert_string_equal(judgement_probability(text, sizeof text, NAN), "");
}

/* RFC 4180: as many fields in every row, all rows closed by CR LF. */
static size_t count_fields(const char **row)
{
    size_t fields = 1;
    bool quoted = false;
    for (; **row; (*row)++) {
        quoted = quoted != (**row == '"');
        fields += !quoted && **row == ',';
        if (!quoted && **row == '\n') {
            assert_int_equal((*row)[-1], '\r');
            (*row)++;
            return fields;
        }
    }
    fail_msg("a row without an end");
    return 0;
}

static void test_csv(void **state)
{
    (void)state;
    struct str out = { 0 };
    for (int i = 0; i < JUDGEMENT_FIXTURE_MANY; i++) {
        write_as("csv", (enum judgement_fixture)i, NULL, &out);
        const char *at = out.data;
        size_t fields = count_fields(&at);
        assert_int_equal(fields, 25);
        while (*at)
            assert_int_equal(count_fields(&at), fields);
    }
    write_as("csv", JUDGEMENT_FIXTURE_HOSTILE, NULL, &out);
    assert_non_null(strstr(out.data, "\"'=cmd|' /C calc'!A0,\"\"quote\"\"\""));
    str_release(&out);
}

/* Every line is a command of ours; foreign text starts none. */
static void test_annotations(void **state)
{
    (void)state;
    struct str out = { 0 };
    for (int i = 0; i < FIXTURES; i++) {
        size_t errors = 0, warnings = 0;
        write_as("github", (enum judgement_fixture)i, NULL, &out);
        for (char *line = out.data, *end; *line; line = end + 1) {
            end = strchr(line, '\n');
            assert_non_null(end);
            *end = 0;
            errors += str_starts(line, "::error ");
            warnings += str_starts(line, "::warning ");
            assert_true(str_starts(line, "::error ") || str_starts(line, "::warning ") ||
                        str_starts(line, "::notice "));
        }
        assert_true(errors <= 10); /* GitHub shows no more */
        assert_true(warnings <= 20);
    }
    str_release(&out);
}

/* What code scanning needs, and the fields that the standard requires. */
static void test_sarif(void **state)
{
    (void)state;
    struct str out = { 0 };
    for (int i = 0; i < FIXTURES; i++) {
        write_as("sarif", (enum judgement_fixture)i, NULL, &out);
        json_t *json = load(&out), *run = json_array_get(json_object_get(json, "runs"), 0);
        assert_string_equal(json_string_value(json_object_get(json, "version")), "2.1.0");
        json_t *driver = json_object_get(json_object_get(run, "tool"), "driver"), *result;
        json_t *rules = json_object_get(driver, "rules");
        size_t index;
        json_array_foreach(json_object_get(run, "results"), index, result)
        {
            json_t *rule = json_array_get(rules, (size_t)json_integer_value(json_object_get(result, "ruleIndex")));
            assert_string_equal(json_string_value(json_object_get(rule, "id")),
                                json_string_value(json_object_get(result, "ruleId")));
            assert_non_null(json_object_get(json_object_get(result, "message"), "text"));
            assert_non_null(json_object_get(json_object_get(result, "partialFingerprints"), "pronyCase/v1"));
            assert_int_equal(json_array_size(json_object_get(result, "locations")), 1);
        }
        json_decref(json);
    }
    write_as("sarif", JUDGEMENT_FIXTURE_FULL, NULL, &out);
    assert_non_null(strstr(out.data, "\"suppressions\""));
    str_release(&out);
}

/* Files of kernels and suites of this repository; names that lead elsewhere give none. */
static void test_sources(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    assert_string_equal(judgement_source(".", "kernels", "matmul/q4_0/avx2/m:1", &arena),
                        "kernels/matmul/matmul_q4_0__avx2.c");
    assert_string_equal(judgement_source(".", "kernels", "matmul/q4_0/nonsense", &arena), "kernels/matmul/table.c");
    assert_string_equal(judgement_source(".", "generate", "decode/x", &arena), "suites/generate.c");
    assert_string_equal(judgement_source(".", "kernels", "nonsense/x", &arena), "suites/kernels.c");
    assert_string_equal(judgement_source(".", "generate", NULL, &arena), "suites/generate.c");
    assert_null(judgement_source(NULL, "kernels", "matmul/q4_0/avx2", &arena));
    assert_null(judgement_source(".", "../suites", "x", &arena));
    assert_null(judgement_source(".", "nonsense", "x", &arena));
    assert_string_equal(judgement_source(".", "kernels", "../../etc/passwd", &arena), "suites/kernels.c");
    arena_release(&arena);
}

/* What is fine is left out, the wrong and failed come before the slow, and those before the open ones. */
static void test_worst(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct judgement judgement;
    size_t count;
    judgement_fixture_make(JUDGEMENT_FIXTURE_FULL, &judgement, &arena);
    const struct judgement_entry *entries = judgement_worst(&judgement, &count, &arena);
    assert_int_equal(count, 10);
    assert_string_equal(entries[0].kind, "wrong output");
    for (size_t i = 1; i < count; i++)
        assert_true(entries[i].level <= entries[i - 1].level);
    assert_int_equal(entries[count - 1].level, JUDGEMENT_OPEN);
    /* Without a gate the verdicts stand. */
    judgement.gate = NULL;
    judgement_worst(&judgement, &count, &arena);
    assert_int_equal(count, 8);
    arena_release(&arena);
}

static void test_pictures_say_why_not(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct judgement judgement;
    struct str out = { 0 };
    struct error error;
    const struct report_options none = { 0 }, missing = { .gnuplot = "/nonexistent/gnuplot" };
    judgement_fixture_make(JUDGEMENT_FIXTURE_TARGETS, &judgement, &arena);
    assert_int_equal(judgement_png(&judgement, &missing, &out, &error), ERROR_UNSUPPORTED);
    assert_string_equal(error.text, "no forest plot: nothing was compared");
    judgement_fixture_make(JUDGEMENT_FIXTURE_EMPTY, &judgement, &arena);
    assert_int_equal(judgement_svg(&judgement, &missing, &out, &error), ERROR_UNSUPPORTED);
    assert_string_equal(error.text, "no forest plot: the runs share no case");
    judgement_fixture_make(JUDGEMENT_FIXTURE_CLEAN, &judgement, &arena);
    assert_int_equal(judgement_svg(&judgement, &none, &out, &error), ERROR_UNSUPPORTED);
    assert_int_not_equal(judgement_png(&judgement, &missing, &out, &error), 0);
    assert_string_equal(error.text, "gnuplot is needed, and /nonexistent/gnuplot cannot be started: "
                                    "No such file or directory");
    assert_int_equal(out.length, 0);
    /* The page goes without. */
    assert_int_equal(judgement_html(&judgement, &missing, &out, &error), 0);
    assert_non_null(strstr(out.data, "not drawn"));
    str_release(&out);
    arena_release(&arena);
}

/* The largest first, no more than asked for, and no rate that only says what the time says. */
static void test_counters(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct judgement judgement;
    const struct compare_metric *metrics[4];
    judgement_fixture_make(JUDGEMENT_FIXTURE_FULL, &judgement, &arena);
    const struct compare_case *slower = &judgement.comparisons->cases[0], *same = &judgement.comparisons->cases[1];
    assert_int_equal(judgement_counters(slower, metrics, 4), 2);
    assert_string_equal(metrics[0]->name, "llc_misses");
    assert_string_equal(metrics[1]->name, "instructions");
    assert_int_equal(judgement_counters(slower, metrics, 1), 1);
    assert_string_equal(metrics[0]->name, "llc_misses");
    assert_int_equal(judgement_counters(same, metrics, 4), 0);
    assert_string_equal(judgement_counter_line(same, 4, &arena), "");
    arena_release(&arena);
}

static void test_status(void **state)
{
    (void)state;
    static const enum gate_status expected[] = {
        [JUDGEMENT_FIXTURE_FULL] = GATE_REGRESSED,      [JUDGEMENT_FIXTURE_CLEAN] = GATE_PASS,
        [JUDGEMENT_FIXTURE_EMPTY] = GATE_COULD_NOT_RUN, [JUDGEMENT_FIXTURE_NOTHING] = GATE_COULD_NOT_RUN,
        [JUDGEMENT_FIXTURE_TARGETS] = GATE_REGRESSED,   [JUDGEMENT_FIXTURE_UNPAIRED] = GATE_REGRESSED,
        [JUDGEMENT_FIXTURE_HOSTILE] = GATE_REGRESSED,   [JUDGEMENT_FIXTURE_MANY] = GATE_REGRESSED,
    };
    for (int i = 0; i < FIXTURES; i++) {
        struct arena arena = { 0 };
        struct judgement judgement;
        judgement_fixture_make((enum judgement_fixture)i, &judgement, &arena);
        assert_int_equal(judgement_status(&judgement), expected[i]);
        arena_release(&arena);
    }
}

static void expect_in_format(const char *format, const struct judgement *judgement, const char *expected)
{
    struct str out = { 0 };
    struct error error;
    const struct report_options options = { 0 };
    assert_int_equal(judgement_format_find(format)->write(judgement, &options, &out, &error), 0);
    if (!strstr(str_text(&out), expected))
        fail_msg("%s does not say '%s':\n%s", format, expected, str_text(&out));
    str_release(&out);
}

/* What decides and belongs to no case is said by every format: the first night, a suite that is slower as a whole. */
static void test_findings_without_a_case(void **state)
{
    (void)state;
    static const char *const formats[] = { "text", "markdown", "html", "github", "junit", "sarif" };
    struct compare_metric measure = { .name = "real_time", .effect = 0.1 };
    struct gate_finding finding = { .kind = GATE_FAILURE,
                                    .status = GATE_UNDECIDED,
                                    .suite = "",
                                    .outcome = "insufficient",
                                    .text = "first of plan x" };
    struct gate gate = { .status = GATE_UNDECIDED, .findings = &finding, .count = 1 };
    struct comparison comparison = { .base_name = "a", .candidate_name = "b", .shared = 1 };
    struct judgement judgement = { .title = "night", .gate = &gate };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        expect_in_format(formats[i], &judgement, "first of plan x");
    expect_in_format("github", &judgement, "title=insufficient%3A gate::");
    expect_in_format("junit", &judgement, "name=\"insufficient\"");
    expect_in_format("sarif", &judgement, "\"ruleId\": \"prony/undecided\"");

    finding = (struct gate_finding){
        .kind = GATE_BUDGET, .status = GATE_REGRESSED, .suite = "kernels", .measure = &measure, .text = "all over"
    };
    gate.status = GATE_REGRESSED;
    judgement.comparisons = &comparison;
    judgement.count = 1;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        expect_in_format(formats[i], &judgement, "all over");
    expect_in_format("markdown", &judgement, "1 group over budget");
    expect_in_format("sarif", &judgement, "\"ruleId\": \"prony/over-budget\"");
}

/* Another metric of a case whose time is undecided has no row of its own. */
static void test_findings_beside_the_time(void **state)
{
    (void)state;
    struct compare_metric memory = { .name = "peak_rss_bytes", .effect = 0.5 };
    struct compare_case item = { .suite = "s", .name = "a", .verdict = JUDGE_UNDECIDED };
    struct gate_finding finding = { .kind = GATE_BUDGET,
                                    .status = GATE_REGRESSED,
                                    .suite = "s",
                                    .name = "a",
                                    .source = &item,
                                    .measure = &memory,
                                    .text = "a: peak_rss_bytes +65 %" };
    struct gate gate = { .status = GATE_REGRESSED, .findings = &finding, .count = 1 };
    struct comparison comparison = { .base_name = "a",
                                     .candidate_name = "b",
                                     .cases = &item,
                                     .case_count = 1,
                                     .shared = 1,
                                     .verdicts = { [JUDGE_UNDECIDED] = 1 } };
    const struct judgement judgement = { .title = "t", .comparisons = &comparison, .count = 1, .gate = &gate };
    expect_in_format("text", &judgement, "peak_rss_bytes +65 %");
    expect_in_format("markdown", &judgement, "rss\\_bytes +65 %");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_writes_every_judgement),
        cmocka_unit_test(test_text_fits_a_terminal),
        cmocka_unit_test(test_comment_is_below_the_limit),
        cmocka_unit_test(test_comment_keeps_improvements),
        cmocka_unit_test(test_comment_of_long_names),
        cmocka_unit_test(test_hostile_markdown),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_annotations),
        cmocka_unit_test(test_sarif),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_worst),
        cmocka_unit_test(test_pictures_say_why_not),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_findings_without_a_case),
        cmocka_unit_test(test_findings_beside_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
