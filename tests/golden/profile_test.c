/* profile_test.c: every text format of a small profile, and of a difference, against tests/golden/profile_*.
 * PRONY_UPDATE_GOLDEN=1 rewrites them (scripts/golden). Of pages the body is compared, without script. */
#include "harness/base/file.h"
#include "reports/profile_diff.h"
#include "tests/support/golden.h"
#include "tests/support/profile_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* From <header> to the script, without the footer's version. */
static void keep_body(struct str *out)
{
    char *from = strstr(out->data, "<header>"), *footer = strstr(out->data, "<footer>"),
         *data = strstr(out->data, "<script type=");
    if (!from || !footer || !data)
        return;
    char *end = strstr(data, "</script>");
    struct str body = { 0 };
    str_append_bytes(&body, from, (size_t)(footer - from));
    str_append_bytes(&body, data, (size_t)(end - data));
    str_append(&body, "</script>\n");
    str_release(out);
    *out = body;
}

static void check(const char *name, struct str *out)
{
    char path[128];
    snprintf(path, sizeof path, "tests/golden/profile_%s", name);
    keep_body(out);
    /* The version of the program, which speedscope's files name. */
    char *version = strstr(out->data, "prony " PRONY_VERSION);
    if (version)
        memset(version + strlen("prony "), '#', strlen(PRONY_VERSION));
    golden_check(path, str_text(out));
    str_release(out);
}

static const struct profile_options options = { .top = 12 };

static void test_formats(void **state)
{
    (void)state;
    static const char *const formats[][2] = { { "text", "text.txt" },
                                              { "markdown", "markdown.md" },
                                              { "folded", "base.folded" },
                                              { "speedscope", "speedscope.json" },
                                              { "html", "page.html" } };
    struct profile profile;
    struct stacks *stacks;
    profile_fixture_make(PROFILE_FIXTURE_BASE, &profile, &stacks);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct str out = { 0 };
        struct error error;
        if (profile_format_find(formats[i][0])->write(&profile, &options, &out, &error))
            fail_msg("%s", error.text);
        check(formats[i][1], &out);
    }
    struct str out = { 0 };
    profile_html_fragment(&profile, "flame-3.html", &out);
    check("fragment.html", &out);
    stacks_release(stacks);
}

static void test_difference(void **state)
{
    (void)state;
    static const char *const formats[][2] = { { "text", "diff_text.txt" },
                                              { "markdown", "diff_markdown.md" },
                                              { "folded", "diff.folded" },
                                              { "html", "diff_page.html" } };
    struct profile sides[2];
    struct stacks *stacks[2];
    struct profile_diff diff;
    struct error error;
    profile_fixture_make(PROFILE_FIXTURE_BASE, &sides[0], &stacks[0]);
    profile_fixture_make(PROFILE_FIXTURE_CHANGED, &sides[1], &stacks[1]);
    if (profile_diff_make(&diff, &sides[0], &sides[1], &error))
        fail_msg("%s", error.text);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct str out = { 0 };
        assert_int_equal(profile_diff_format_find(formats[i][0])->write(&diff, &options, &out, &error), 0);
        check(formats[i][1], &out);
    }
    profile_diff_release(&diff);
    stacks_release(stacks[0]);
    stacks_release(stacks[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_formats), cmocka_unit_test(test_difference) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
