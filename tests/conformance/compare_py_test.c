/* compare_py_test.c: check 47: Google Benchmark's own compare.py says of our files and our programs what it says of its
 * own. Skipped where it is not installed (Debian: libbenchmark-tools, python3-scipy). PRONY_COMPARE_PY names another.
 */
#include "tests/conformance/registrations.h"
#include "tests/unit/benchmark_support.h"

#define GOLDEN "tests/conformance/golden/"

static char *directory; /* with the files theirs_<n> and ours_<n> */

/* Google Benchmark's JSON out of a golden, in which "*" stands for facts of its machine. */
static void write_theirs(const char *golden, const char *path)
{
    char *path_of_golden = mem_format(GOLDEN "%s", golden), *text;
    size_t size;
    assert_int_equal(file_read(path_of_golden, &text, &size, NULL), 0);
    *strstr(text, "==== stderr") = 0;
    struct str json = { 0 };
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;) {
        size_t length = strlen(line);
        bool masked = length > 3 && strcmp(line + length - 3, " *,") == 0;
        str_appendf(&json, "%.*s%s\n", (int)(masked ? length - 2 : length), line, masked ? "\"*\"," : "");
    }
    assert_int_equal(file_write(path, str_text(&json), json.length, NULL), 0);
    str_release(&json);
    free(text);
    free(path_of_golden);
}

/* This program is the benchmark, too: see main. */
static void write_ours(const char *flags, const char *path)
{
    char *command = mem_format("PRONY_AS_BENCHMARK=1 /proc/%d/exe %s >%s 2>/dev/null", (int)getpid(), flags, path);
    assert_int_equal(system(command), 0);
    free(command);
}

static const char *script_path(void)
{
    const char *script = getenv("PRONY_COMPARE_PY");
    return script ? script : "/usr/share/benchmark/compare.py";
}

/* Asked before anything is compared, so that a comparison that fails is a failure. */
static bool is_installed(void)
{
    char *command = mem_format("/usr/bin/python3 -c 'import scipy' >/dev/null 2>&1 && "
                               "/usr/bin/python3 %s --help >/dev/null 2>&1",
                               script_path());
    bool good = system(command) == 0;
    free(command);
    return good;
}

/* What compare.py prints, without the line that names the inputs; NULL if it fails. */
static char *compare(const char *arguments)
{
    char *command = mem_format("PRONY_AS_BENCHMARK=1 /usr/bin/python3 %s --no-color %s 2>%s/errors", script_path(),
                               arguments, directory);
    struct str output = { 0 };
    char line[1024];
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe))
        if (!str_starts(line, "Comparing "))
            str_append(&output, line);
    bool good = pclose(pipe) == 0;
    free(command);
    if (good)
        return str_take(&output);
    str_release(&output);
    return NULL;
}

static void expect_same_table(const char *format_of_arguments, const char *mark)
{
    char *both[2];
    static const char *const sides[] = { "theirs", "ours" };
    for (size_t i = 0; i < 2; i++) {
        struct str arguments = { 0 };
        for (const char *c = format_of_arguments; *c; c++) /* @ = the directory and the side */
            if (*c == '@')
                str_appendf(&arguments, "%s/%s", directory, sides[i]);
            else
                str_append_char(&arguments, *c);
        both[i] = compare(str_text(&arguments));
        str_release(&arguments);
    }
    assert_non_null(both[0]);
    assert_non_null(both[1]);
    assert_string_equal(both[1], both[0]);
    assert_non_null(strstr(both[0], mark));
    free(both[0]);
    free(both[1]);
}

static void write_files(const char *golden, const char *flags, int number)
{
    char *theirs = mem_format("%s/theirs_%d", directory, number), *ours = mem_format("%s/ours_%d", directory, number);
    write_theirs(golden, theirs);
    write_ours(flags, ours);
    free(theirs);
    free(ours);
}

/* The flags are those of golden/cases.txt. */
static void check_47_files(void **state)
{
    (void)state;
    if (!is_installed())
        skip();
    write_files("json.txt", "--benchmark_format=json", 1);
    write_files("repetitions_json.txt",
                "--benchmark_repetitions=3 --benchmark_format=json "
                "'--benchmark_filter=BM_(basic|counters_threads|one|error_of)'",
                2);
    expect_same_table("benchmarks @_1 @_2", "_pvalue");
    expect_same_table("benchmarksfiltered @_1 curve:1 @_1 curve:5", "[curve:1 vs. curve:5]/n:256/");
}

/* compare.py runs the program itself, with flags of ours behind. */
static void check_47_program(void **state)
{
    (void)state;
    if (!is_installed())
        skip();
    char *program = mem_format("/proc/%d/exe", (int)getpid());
    char *arguments =
        mem_format("benchmarks %s %s --benchmark_repetitions=3 --benchmark_filter=BM_basic", program, program);
    char *table = compare(arguments);
    assert_non_null(table);
    assert_non_null(strstr(table, "BM_basic/real_time_pvalue"));
    assert_non_null(strstr(table, "+0.0000         +0.0000       3906250       3906250       1953125       1953125"));
    free(table);
    free(arguments);
    free(program);
}

static int make_directory(void **state)
{
    (void)state;
    static char path[] = "/tmp/benchmark_compare_XXXXXX";
    directory = mkdtemp(path);
    return directory ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char *command = mem_format("rm -rf %s", directory);
    int status = system(command);
    free(command);
    return status;
}

int main(int argc, char **argv)
{
    if (getenv("PRONY_AS_BENCHMARK"))
        return registrations_main(argc, argv, NULL);
    const struct CMUnitTest tests[] = { cmocka_unit_test(check_47_files), cmocka_unit_test(check_47_program) };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
