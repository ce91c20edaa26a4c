/* judgement_consumers_test.c: the programs that judgements are written for read them: benchstat, Google Benchmark's
 * compare.py, the parsing rules of services (tests/clients/consumers.js), xmllint, gnuplot. Each is skipped, with the
 * reason, where it is not installed. PRONY_BENCHSTAT and PRONY_COMPARE_PY name others. */
#include "harness/base/file.h"
#include "tests/support/judgement_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char directory[] = "/tmp/prony-consumers-XXXXXX";

static bool has(const char *command)
{
    struct str line = { 0 };
    str_appendf(&line, "(%s) >/dev/null 2>&1", command);
    bool good = system(line.data) == 0;
    str_release(&line);
    return good;
}

static void skip_without(const char *command, const char *what)
{
    if (has(command))
        return;
    print_message("skipped: no %s\n", what);
    skip();
}

static const char *program(const char *variable, const char *usual)
{
    const char *named = getenv(variable);
    return named && *named ? named : usual;
}

/* Writes the judgement as a file of the test's directory. */
static void write_file(enum judgement_fixture fixture, const char *format, const char *name)
{
    struct arena arena = { 0 };
    struct str out = { 0 }, path = { 0 };
    struct judgement judgement;
    struct error error;
    const struct report_options options = { .gnuplot = "gnuplot", .now_ns = 1795250000LL * 1000000000 };
    judgement_fixture_make(fixture, &judgement, &arena);
    str_appendf(&path, "%s/%s", directory, name);
    if (judgement_format_find(format)->write(&judgement, &options, &out, &error) ||
        file_write(path.data, out.data, out.length, &error))
        fail_msg("%s", error.text);
    str_release(&out);
    str_release(&path);
    arena_release(&arena);
}

/* What the shell line prints, in the directory; it must succeed. */
static char *output_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *output_of(const char *format, ...)
{
    struct str line = { 0 }, path = { 0 };
    char *text;
    size_t length;
    struct error error;
    va_list arguments;
    str_appendf(&line, "repository=$PWD; cd %s && { ", directory);
    va_start(arguments, format);
    str_vappendf(&line, format, arguments);
    va_end(arguments);
    str_append(&line, "; } >out 2>err");
    str_appendf(&path, "%s/out", directory);
    if (system(line.data) != 0)
        fail_msg("%s", line.data);
    if (file_read(path.data, &text, &length, &error))
        fail_msg("%s", error.text);
    str_release(&line);
    str_release(&path);
    return text;
}

static void test_benchstat(void **state)
{
    (void)state;
    const char *benchstat = program("PRONY_BENCHSTAT", "benchstat");
    char command[512];
    snprintf(command, sizeof command, "%s -h 2>&1 | grep -q col", benchstat);
    skip_without(command, "benchstat (go install golang.org/x/perf/cmd/benchstat)");
    write_file(JUDGEMENT_FIXTURE_FULL, "gobench", "both.bench");
    char *text = output_of("%s -col side -format csv both.bench", benchstat);
    assert_non_null(strstr(text, "Matvec/q4_0/avx512/rows=896/cols=4864"));
    assert_non_null(strstr(text, "+12.")); /* its own test sees the same change */
    assert_non_null(strstr(text, "sec/op"));
    free(text);
    write_file(JUDGEMENT_FIXTURE_HOSTILE, "gobench", "hostile.bench");
    free(output_of("%s -col side hostile.bench", benchstat));
}

static void test_compare_py(void **state)
{
    (void)state;
    const char *script = program("PRONY_COMPARE_PY", "/usr/share/benchmark/compare.py");
    char command[512];
    snprintf(command, sizeof command, "/usr/bin/python3 -c 'import scipy' && /usr/bin/python3 %s --help", script);
    skip_without(command, "compare.py (Debian: libbenchmark-tools, python3-scipy)");
    write_file(JUDGEMENT_FIXTURE_FULL, "gbench", "both.json");
    char *text = output_of("/usr/bin/python3 %s --no-color filters both.json base/ candidate/", script);
    assert_non_null(strstr(text, "[base/ vs. candidate/]kernels/matvec/q4_0/avx512/rows:896/cols:4864_pvalue"));
    assert_non_null(strstr(text, "U Test, Repetitions: 12 vs 12"));
    free(text);
}

static void test_services(void **state)
{
    (void)state;
    static const char *const consumers[] = { "strict", "github_action_benchmark", "bencher", "conbench", "lit" };
    skip_without("node --version", "node");
    write_file(JUDGEMENT_FIXTURE_FULL, "gbench", "full.json");
    write_file(JUDGEMENT_FIXTURE_HOSTILE, "gbench", "hostile.json");
    for (size_t i = 0; i < sizeof consumers / sizeof consumers[0]; i++) {
        char *text = output_of("node $repository/tests/clients/consumers.js %s full.json %s hostile.json", consumers[i],
                               consumers[i]);
        assert_string_equal(text, "336\n240\n");
        free(text);
    }
}

static void test_junit(void **state)
{
    (void)state;
    skip_without("xmllint --version", "xmllint (Debian: libxml2-utils)");
    for (int i = 0; i <= JUDGEMENT_FIXTURE_MANY; i++) {
        write_file((enum judgement_fixture)i, "junit", "judgement.xml");
        free(output_of("xmllint --noout judgement.xml"));
    }
    write_file(JUDGEMENT_FIXTURE_FULL, "junit", "judgement.xml");
    /* The sums in the attributes are those of the elements. */
    char *text = output_of("xmllint --xpath 'concat(count(//testcase) - /testsuites/@tests, \" \", "
                           "count(//failure) - sum(//testsuite/@failures), \" \", count(//failure), \" \", "
                           "count(//skipped) - /testsuites/@skipped)' judgement.xml");
    text[strcspn(text, "\n")] = 0;
    assert_string_equal(text, "0 0 7 0");
    free(text);
}

/* Drawn at all, for one case and for sixty, and the names stay text. */
static void test_forest(void **state)
{
    (void)state;
    skip_without("gnuplot --version", "gnuplot");
    static const enum judgement_fixture fixtures[] = { JUDGEMENT_FIXTURE_FULL, JUDGEMENT_FIXTURE_HOSTILE,
                                                       JUDGEMENT_FIXTURE_MANY };
    for (size_t i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++) {
        write_file(fixtures[i], "png", "forest.png");
        write_file(fixtures[i], "svg", "forest.svg");
        char *png = output_of("head -c 4 forest.png"), *svg = output_of("cat forest.svg");
        assert_memory_equal(png, "\x89PNG", 4);
        assert_true(str_starts(svg, "<svg "));
        assert_null(strstr(svg, "<script"));
        assert_null(strstr(svg, "<b>"));
        free(png);
        free(svg);
    }
    write_file(JUDGEMENT_FIXTURE_FULL, "html", "page.html");
    char *page = output_of("cat page.html");
    assert_non_null(strstr(page, "id=\"chart-forest\""));
    assert_non_null(strstr(page, "<svg viewBox"));
    free(page);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    struct str line = { 0 };
    str_appendf(&line, "rm -rf '%s'", directory);
    int status = system(line.data);
    str_release(&line);
    return status;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_benchstat), cmocka_unit_test(test_compare_py), cmocka_unit_test(test_services),
        cmocka_unit_test(test_junit),     cmocka_unit_test(test_forest),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
