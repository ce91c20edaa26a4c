/* judgement_test.c: every format of made-up judgements (tests/support/judgement_fixture.c) against
 * tests/golden/judgement_*. PRONY_UPDATE_GOLDEN=1 rewrites them (scripts/golden). Of the page the body is compared,
 * without style, script and charts; of the forest plot the data and settings that its script gets. */
#include "harness/base/file.h"
#include "reports/chart_forest.h"
#include "tests/support/golden.h"
#include "tests/support/judgement_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct golden {
    const char *format;
    enum judgement_fixture fixture;
    const char *file;
    bool color;
    const char *picture;
} goldens[] = {
    { "text", JUDGEMENT_FIXTURE_FULL, "text.txt", false, NULL },
    { "text", JUDGEMENT_FIXTURE_CLEAN, "clean.txt", true, NULL },
    { "text", JUDGEMENT_FIXTURE_UNPAIRED, "unpaired.txt", false, NULL },
    { "text", JUDGEMENT_FIXTURE_TARGETS, "targets.txt", false, NULL },
    { "text", JUDGEMENT_FIXTURE_EMPTY, "empty.txt", false, NULL },
    { "text", JUDGEMENT_FIXTURE_HOSTILE, "hostile.txt", true, NULL },
    { "markdown", JUDGEMENT_FIXTURE_FULL, "markdown.md", false, NULL },
    { "markdown", JUDGEMENT_FIXTURE_CLEAN, "markdown_clean.md", false, "https://example.org/forest.png?a=1&b=2" },
    { "html", JUDGEMENT_FIXTURE_FULL, "html.html", false, NULL },
    { "html", JUDGEMENT_FIXTURE_HOSTILE, "html_hostile.html", false, NULL },
    { "json", JUDGEMENT_FIXTURE_FULL, "json.json", false, NULL },
    { "csv", JUDGEMENT_FIXTURE_FULL, "csv.csv", false, NULL },
    { "csv", JUDGEMENT_FIXTURE_HOSTILE, "hostile.csv", false, NULL },
    { "junit", JUDGEMENT_FIXTURE_FULL, "junit.xml", false, NULL },
    { "junit", JUDGEMENT_FIXTURE_UNPAIRED, "junit_unpaired.xml", false, NULL },
    { "junit", JUDGEMENT_FIXTURE_EMPTY, "junit_empty.xml", false, NULL },
    { "sarif", JUDGEMENT_FIXTURE_FULL, "sarif.sarif", false, NULL },
    { "github", JUDGEMENT_FIXTURE_FULL, "github.txt", false, NULL },
    { "github", JUDGEMENT_FIXTURE_HOSTILE, "github_hostile.txt", false, NULL },
    { "github", JUDGEMENT_FIXTURE_MANY, "github_many.txt", false, NULL },
    { "gobench", JUDGEMENT_FIXTURE_CLEAN, "gobench.txt", false, NULL },
    { "gbench", JUDGEMENT_FIXTURE_CLEAN, "gbench.json", false, NULL },
};

/* The version of the program. */
static void hide_version(struct str *out)
{
    for (char *at = out->data; (at = strstr(at, "\"" PRONY_VERSION "\"")) != NULL; at++)
        memset(at + 1, '#', strlen(PRONY_VERSION));
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

static void check_text(const char *file, const struct str *out)
{
    char path[128];
    snprintf(path, sizeof path, "tests/golden/judgement_%s", file);
    golden_check(path, str_text(out));
}

static void check(const struct golden *golden)
{
    struct error error;
    struct str out = { 0 };
    struct arena arena = { 0 };
    struct judgement judgement;
    const struct report_options options = { .now_ns = 1795250000LL * 1000000000,
                                            .color = golden->color,
                                            .picture = golden->picture };
    judgement_fixture_make(golden->fixture, &judgement, &arena);
    if (judgement_format_find(golden->format)->write(&judgement, &options, &out, &error))
        fail_msg("%s", error.text);
    hide_version(&out);
    keep_body(&out);
    check_text(golden->file, &out);
    str_release(&out);
    arena_release(&arena);
}

static void test_goldens(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++)
        check(&goldens[i]);
}

/* Data and settings of both layouts and of the file. The narrow axis of the small effects has a tick besides its 0. */
static void test_forest(void **state)
{
    (void)state;
    static const enum judgement_fixture fixtures[] = { JUDGEMENT_FIXTURE_FULL, JUDGEMENT_FIXTURE_HOSTILE,
                                                       JUDGEMENT_FIXTURE_CLEAN };
    static const char *const files[] = { "forest.txt", "forest_hostile.txt", "forest_clean.txt" };
    for (size_t f = 0; f < sizeof fixtures / sizeof fixtures[0]; f++) {
        struct arena arena = { 0 };
        struct str out = { 0 };
        struct judgement judgement;
        const struct view view = { .arena = &arena };
        judgement_fixture_make(fixtures[f], &judgement, &arena);
        for (int kind = 0; kind < 3; kind++) {
            struct chart_job job =
                chart_forest_job(&judgement.comparisons[0], 0, kind == 2 ? chart_forest_file_width : 0, &arena);
            struct chart_drawing drawing = chart_drawing_new(&job, kind == 1);
            struct chart chart = { .subject = job.subject };
            assert_true(job.prepare(&view, &chart, &drawing));
            str_appendf(&out, "# %g x %g, margins %g %g\n%s\n%s%s\n", drawing.width, drawing.height, drawing.left,
                        drawing.right, chart.note, str_text(&drawing.settings), str_text(&drawing.data));
            for (size_t i = 0; i < chart.tip_count && kind == 0; i++)
                str_appendf(&out, "t%zu: %s\n", i, chart.tips[i]);
            chart_drawing_release(&drawing);
        }
        check_text(files[f], &out);
        str_release(&out);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_goldens), cmocka_unit_test(test_forest) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
