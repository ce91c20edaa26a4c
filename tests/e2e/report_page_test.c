/* report_page_test.c: `prony report` as a user runs it, and its page in headless Chromium (where there is one). */
#include "harness/base/file.h"
#include "harness/base/str.h"
#include "tests/support/report_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
    char directory[64], program[512];
};

/* A directory with a filled database, and the program. */
static int set_up(void **state)
{
    static const struct report_fixture fixture = { .rounds = 3, .problems = true };
    struct place *place = calloc(1, sizeof *place);
    const char *bin = getenv("PRONY_BIN");
    char path[96];
    struct store *store;
    struct error error;
    int64_t run_id;
    snprintf(place->directory, sizeof place->directory, "/tmp/prony-page-XXXXXX");
    if (!mkdtemp(place->directory))
        return -1;
    snprintf(place->program, sizeof place->program, "%s/prony", bin ? bin : "build/bin");
    snprintf(path, sizeof path, "%s/test.db", place->directory);
    if (store_open(&store, path, false, &error) || report_fixture_fill(store, &fixture, &run_id, &error))
        return -1;
    store_close(store);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place->directory);
    int status = system(command);
    free(place);
    return status;
}

/* Runs `prony report <arguments>` in the directory; its exit status, stdout and stderr together in out. */
static int report(const struct place *place, const char *arguments, struct str *out)
{
    char command[2048], cwd[512];
    size_t length;
    assert_non_null(getcwd(cwd, sizeof cwd));
    const char *root = place->program[0] == '/' ? "" : cwd;
    snprintf(command, sizeof command, "cd '%s' && '%s%s%s' report --db test.db %s >out 2>&1", place->directory, root,
             *root ? "/" : "", place->program, arguments);
    int status = system(command);
    char path[96], *text;
    struct error error;
    snprintf(path, sizeof path, "%s/out", place->directory);
    if (file_read(path, &text, &length, &error))
        fail_msg("%s", error.text);
    str_clear(out);
    str_append(out, text);
    free(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *read_page(const struct place *place, const char *name)
{
    char path[128], *text;
    size_t length;
    struct error error;
    snprintf(path, sizeof path, "%s/%s", place->directory, name);
    if (file_read(path, &text, &length, &error))
        fail_msg("%s", error.text);
    return text;
}

static void test_command_line(void **state)
{
    const struct place *place = *state;
    struct str out = { 0 };
    assert_int_equal(report(place, "", &out), 0);
    assert_non_null(strstr(out.data, "Key numbers"));
    assert_int_equal(report(place, "1 -F markdown --title 'My | title'", &out), 0);
    assert_true(str_starts(out.data, "# My \\| title\n"));
    assert_int_equal(report(place, "-o r.md", &out), 0);
    assert_string_equal(out.data, "r.md\n");
    assert_int_equal(report(place, "-F json -o -", &out), 0);
    assert_true(str_starts(out.data, "{"));
    assert_int_equal(report(place, "-F csv", &out), 0);
    assert_true(str_starts(out.data, "suite,case,metric,unit,pass,n,median,"));
    assert_int_equal(report(place, "-F junit", &out), 0);
    assert_non_null(strstr(out.data, "<testsuite name=\"kernels\""));
    assert_non_null(strstr(out.data, "<failure type=\"error\""));
    assert_int_equal(report(place, "-F gobench", &out), 0);
    assert_non_null(strstr(out.data, "\npkg: kernels\nBenchmark"));
    assert_int_equal(report(place, "-o r.gbench.json", &out), 0);
    assert_string_equal(out.data, "r.gbench.json\n");
    char *records = read_page(place, "r.gbench.json");
    assert_non_null(strstr(records, "\"run_type\": \"iteration\""));
    free(records);
    assert_int_equal(report(place, "--help", &out), 0);
    assert_non_null(strstr(out.data, "examples:"));
    str_release(&out);
}

static void test_mistakes(void **state)
{
    const struct place *place = *state;
    static const struct {
        const char *arguments, *message;
    } cases[] = {
        { "7", "7" },
        { "-F pdf", "--format pdf: there is only text, markdown, html, json" },
        { "1 2", "one RUN at a time" },
        { "--nonsense", "nonsense" },
        { "-o /nonexistent/r.html", "/nonexistent/r.html" },
        { "--db missing.db", "missing.db" },
    };
    struct str out = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(report(place, cases[i].arguments, &out), 2);
        if (!strstr(out.data, cases[i].message))
            fail_msg("%s: %s", cases[i].arguments, out.data);
    }
    str_release(&out);
}

static void test_page_is_self_contained(void **state)
{
    const struct place *place = *state;
    struct str out = { 0 };
    assert_int_equal(report(place, "--format html", &out), 0);
    assert_true(str_ends(out.data, "prony-report-1.html\n"));
    char *page = read_page(place, "prony-report-1.html");
    static const char *const forbidden[] = { "http:", "https:", " src=", "url(", "@import", "<link", "<iframe src=" };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        assert_null(strstr(page, forbidden[i]));
    free(page);
    str_release(&out);
}

static void test_page_without_gnuplot(void **state)
{
    const struct place *place = *state;
    struct str out = { 0 };
    setenv("PRONY_GNUPLOT", "/nonexistent/gnuplot", 1);
    assert_int_equal(report(place, "-o none.html", &out), 0);
    unsetenv("PRONY_GNUPLOT");
    assert_non_null(
        strstr(out.data, "warning: charts are missing from the report: gnuplot is needed, and /nonexistent/gnuplot"));
    char *page = read_page(place, "none.html");
    assert_non_null(strstr(page, "not drawn: gnuplot is needed, and /nonexistent/gnuplot"));
    free(page);
    str_release(&out);
}

/* The script ran to its end if the columns have buttons and the search field is no longer hidden. */
static void test_page_in_a_browser(void **state)
{
    const struct place *place = *state;
    const char *variant = getenv("PRONY_VARIANT");
    if (variant && !str_equal(variant, "release"))
        skip(); /* a sanitizer sees nothing of the browser */
    if (system("command -v chromium >/dev/null 2>&1") != 0) {
        print_message("skipped: no chromium\n");
        skip();
    }
    struct str out = { 0 };
    assert_int_equal(report(place, "-o page.html", &out), 0);
    str_release(&out);
    char command[1024];
    snprintf(command, sizeof command,
             "cd '%s' && timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
             "--disable-background-networking --disable-component-update --disable-sync --user-data-dir=profile "
             "--dump-dom \"file://$PWD/page.html\" >dom 2>/dev/null",
             place->directory);
    if (system(command) != 0) {
        print_message("skipped: chromium does not start here\n");
        skip();
    }
    char *dom = read_page(place, "dom");
    assert_non_null(strstr(dom, "<button type=\"button\" title=\"sort\">median</button>"));
    assert_non_null(strstr(dom, "<p class=\"search\"><output"));
    assert_non_null(strstr(dom, "</footer>"));
    free(dom);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_line),           cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_page_is_self_contained), cmocka_unit_test(test_page_without_gnuplot),
        cmocka_unit_test(test_page_in_a_browser),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
