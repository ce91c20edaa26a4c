/* judgement_formats_test.c: what must hold for every format of every judgement: it is written at all, hostile names
 * stay text, limits are kept, two thousand cases are no problem. What it looks like: tests/golden/judgement_test.c. */
#include "reports/escape.h"
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
        for (int i = 0; i < FIXTURES; i++) {
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
    for (int i = 0; i < FIXTURES; i++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_writes_every_judgement),
        cmocka_unit_test(test_text_fits_a_terminal),
        cmocka_unit_test(test_comment_is_below_the_limit),
        cmocka_unit_test(test_comment_of_long_names),
        cmocka_unit_test(test_hostile_markdown),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
