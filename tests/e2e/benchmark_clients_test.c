/* benchmark_clients_test.c: the tools that drive benchmark programs and read their output, on ours: upstream's
 * compare.py (Debian's libbenchmark-tools and python3-scipy), strict JSON in node, and the rules of the services that
 * draw charts. */
#include "harness/base/file.h"
#include "harness/benchmark/benchmark.h"
#include "tests/support/benchmark_client.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define COMPARE "/usr/share/benchmark/compare.py"

/* ---- the clients ---- */

/* Exact times that differ from run to run and, by SCALE, from program to program. */
static void BM_twin(struct benchmark_state *state)
{
    const char *text = getenv("SCALE");
    double scale = text ? strtod(text, NULL) : 1; /* the spread grows with it, too */
    int *runs = benchmark_state_user_data(state);
    double seconds = 100e-9 * scale * (1 + 0.01 * scale * (*runs % 7)) *
                     (double)(state->arg_count ? benchmark_state_range(state, 0) : 1);
    (*runs)++;
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, seconds);
    benchmark_state_set_bytes_processed(state, benchmark_state_iterations(state) * 100);
}

static void register_twins(int *runs)
{
    benchmark_use_manual_time(benchmark_iterations(benchmark_register("BM_basic", BM_twin, &runs[0]), 4));
    struct benchmark *family = benchmark_register("BM_args", BM_twin, &runs[1]);
    benchmark_use_manual_time(benchmark_iterations(benchmark_arg(benchmark_arg(family, 8), 64), 4));
    family = benchmark_register("BM_unit", BM_twin, &runs[2]);
    benchmark_unit(benchmark_use_manual_time(benchmark_iterations(family, 4)), BENCHMARK_MICROSECOND);
}

static int twins(int argc, char **argv)
{
    int runs[3] = { 0 };
    register_twins(runs);
    return benchmark_main(argc, argv);
}

static void BM_odd(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9);
    benchmark_state_set_counter(state, "counter_nan", NAN, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "counter_inf", -INFINITY, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "counter_\x02\xe2\x82", 1, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_label(
        state, "control \x01\x7f quote \" slash \\ cut \xe2\x82 wrong \xff\xc0\x80\xed\xa0\x80 right \xe2\x82\xac");
}

static void BM_skip(struct benchmark_state *state)
{
    benchmark_state_skip_with_message(state, "not \xfe here\n");
}

static void BM_error(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "wrong \x1b[31m");
}

static void BM_size(struct benchmark_state *state)
{
    int64_t n = benchmark_state_range(state, 0);
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9 * (double)n);
    benchmark_state_set_complexity_n(state, n);
}

/* All that can stand in a file. */
static int odd(int argc, char **argv)
{
    int runs[3] = { 0 };
    register_twins(runs);
    benchmark_use_manual_time(benchmark_register("BM_odd/\xff\x03", BM_odd, NULL));
    benchmark_register("BM_skip", BM_skip, NULL);
    benchmark_register("BM_error", BM_error, NULL);
    benchmark_use_manual_time(benchmark_threads(benchmark_register("BM_threads", BM_odd, NULL), 2));
    struct benchmark *family = benchmark_register("BM_size", BM_size, NULL);
    benchmark_use_manual_time(benchmark_complexity(benchmark_range(family, 8, 512), BENCHMARK_O_N));
    benchmark_add_custom_context("odd \x04 key \xf8", "odd \x05 value \xf8");
    return benchmark_main(argc, argv);
}

static const struct client clients[] = { { "twins", twins }, { "odd", odd } };

/* ---- compare.py ---- */

static bool succeeds(const char *line)
{
    struct client_result result = client_shell("", line);
    bool good = result.status == 0;
    client_release(&result);
    return good;
}

static void need_compare(void)
{
    if (access(COMPARE, R_OK) != 0 || access("/usr/lib/python3/dist-packages/scipy", R_OK) != 0) {
        print_message("skipped: needs libbenchmark-tools and python3-scipy\n");
        skip();
    }
}

/* A file of the twins whose CPU times, the only inexact numbers, are the real ones. */
static void make_exact(const char *path, const char *scale)
{
    char *line = mem_format("SCALE=%s %% --benchmark_repetitions=9 --benchmark_out=%s >/dev/null 2>&1", scale, path);
    struct client_result result = client_shell("twins", line);
    assert_int_equal(result.status, 0);
    client_release(&result);
    free(line);
    json_t *root = json_load_file(path, 0, NULL), *record;
    size_t i;
    assert_non_null(root);
    json_array_foreach(json_object_get(root, "benchmarks"), i, record)
    {
        json_object_set(record, "cpu_time", json_object_get(record, "real_time"));
    }
    assert_int_equal(json_dump_file(root, path, JSON_INDENT(2)), 0);
    json_decref(root);
}

static void test_compare_files(void **state)
{
    (void)state;
    need_compare();
    char directory[] = "/tmp/benchmark_clients_XXXXXX";
    assert_non_null(mkdtemp(directory));
    char *a = mem_format("%s/a.json", directory), *b = mem_format("%s/b.json", directory);
    make_exact(a, "1");
    make_exact(b, "1.1");
    /* One Python for all: it takes seconds to load scipy. */
    char *line = mem_format("cd %s; /usr/bin/python3 -c \"import runpy, sys\n"
                            "for mode in ('benchmarks a.json b.json', 'filters a.json BM_args/8 BM_args/64',\n"
                            "             'benchmarksfiltered a.json BM_basic b.json BM_unit'):\n"
                            "    sys.argv = ['compare.py', '--no-color'] + mode.split()\n"
                            "    sys.path[0] = '/usr/share/benchmark'\n"
                            "    runpy.run_path('" COMPARE "', run_name='__main__')\"; rm -r %s",
                            directory, directory);
    struct client_result result = client_shell("", line);
    char *expected;
    size_t size;
    assert_int_equal(file_read("tests/golden/benchmark_compare.txt", &expected, &size, NULL), 0);
    assert_string_equal(result.out, expected);
    client_release(&result);
    free(expected);
    free(line);
    free(a);
    free(b);
}

/* It starts our program itself, twice, with --benchmark_out of its own. */
static void test_compare_programs(void **state)
{
    (void)state;
    need_compare();
    struct client_result result =
        client_shell("twins", "/usr/bin/python3 " COMPARE " --no-color benchmarks % % --benchmark_repetitions=3 "
                              "--benchmark_filter=BM_basic 2>&1");
    assert_int_equal(result.status, 0);
    assert_non_null(strstr(result.out, "\nComparing "));
    assert_non_null(strstr(result.out, "BM_basic/iterations:4/manual_time_mean "));
    assert_non_null(strstr(result.out, "U Test, Repetitions: 3 vs 3"));
    assert_non_null(strstr(result.out, "OVERALL_GEOMEAN"));
    client_release(&result);
}

/* ---- readers ---- */

static void need_node(void)
{
    if (!succeeds("command -v node >/dev/null")) {
        print_message("skipped: no node\n");
        skip();
    }
}

/* One file, and what a reader should say of it: a number of results, -1 = refused. */
struct check {
    const char *consumer;
    const char *client, *flags; /* a client's output on stdout and in --benchmark_out; or */
    const char *text;           /* this text */
    long least, most;
};

static char *path_of(const char *directory, size_t index, const char *kind)
{
    return mem_format("%s/%zu.%s", directory, index, kind);
}

/* Appends what node is to read; both files of a client. */
static void prepare(struct str *arguments, const struct check *check, const char *directory, size_t index)
{
    char *out = path_of(directory, index, "out"), *file = path_of(directory, index, "file");
    if (check->text) {
        assert_int_equal(file_write(out, check->text, strlen(check->text), NULL), 0);
    } else {
        char *line =
            mem_format("%% %s --benchmark_format=json --benchmark_min_time=1x --benchmark_out=%s >%s 2>/dev/null",
                       check->flags, file, out);
        struct client_result result = client_shell(check->client, line);
        assert_int_equal(result.status, 0);
        client_release(&result);
        free(line);
    }
    str_appendf(arguments, " %s %s", check->consumer, out);
    if (!check->text && !strstr(check->flags, "list_tests"))
        str_appendf(arguments, " %s %s", check->consumer, file);
    free(out);
    free(file);
}

/* All checks by one node. */
static void run_checks(const struct check *checks, size_t count)
{
    char directory[] = "/tmp/benchmark_readers_XXXXXX";
    struct str arguments = { 0 };
    assert_non_null(mkdtemp(directory));
    for (size_t i = 0; i < count; i++)
        prepare(&arguments, &checks[i], directory, i);
    char *line = mem_format("node tests/clients/consumers.js%s; rm -r %s", str_text(&arguments), directory);
    struct client_result result = client_shell("", line);
    char *rest = result.out;
    for (size_t i = 0; i < count; i++) {
        bool has_file = !checks[i].text && !strstr(checks[i].flags, "list_tests");
        for (int answers = has_file ? 2 : 1; answers > 0; answers--) {
            const char *answer = strsep(&rest, "\n");
            assert_non_null(rest);
            long got = strtol(answer, NULL, 10);
            if (got < checks[i].least || got > checks[i].most)
                fail_msg("%s, %s: %s", checks[i].consumer, checks[i].text ? checks[i].text : checks[i].flags, answer);
        }
    }
    client_release(&result);
    free(line);
    str_release(&arguments);
}

static void test_strict_json(void **state)
{
    (void)state;
    need_node();
    static const char *const flags[] = { "",
                                         "--benchmark_repetitions=3",
                                         "--benchmark_dry_run",
                                         "--benchmark_repetitions=3 --benchmark_report_aggregates_only",
                                         "--benchmark_repetitions=2 --benchmark_enable_random_interleaving",
                                         "--benchmark_context=$(printf 'a\\377=\\001')" };
    enum { FLAG_SETS = sizeof flags / sizeof flags[0] };
    struct check checks[2 * FLAG_SETS + 2];
    for (size_t i = 0; i < FLAG_SETS; i++) {
        checks[2 * i] = (struct check){ "strict", "odd", flags[i], NULL, 11, 1000 };
        checks[2 * i + 1] = (struct check){ "extra_keys", "odd", flags[i], NULL, 11, 1000 };
    }
    checks[2 * FLAG_SETS] = (struct check){ "strict", "odd", "--benchmark_repetitions=0", NULL, 0, 0 };
    checks[2 * FLAG_SETS + 1] = (struct check){ "list", "odd", "--benchmark_list_tests", NULL, 11, 11 };
    run_checks(checks, 2 * FLAG_SETS + 2);
}

static void test_services(void **state)
{
    (void)state;
    need_node();
    static const struct check checks[] = {
        { "github_action_benchmark", "odd", "--benchmark_filter=-BM_size", NULL, 8, 8 },
        { "bencher", "odd", "--benchmark_filter=-BM_size", NULL, 8, 8 },
        { "conbench", "odd", "--benchmark_filter=-BM_size", NULL, 8, 8 },
        { "lit", "odd", "--benchmark_filter=-BM_size", NULL, 8, 8 },
        { "github_action_benchmark", "twins", "--benchmark_repetitions=2", NULL, 24, 24 },
        { "bencher", "twins", "--benchmark_repetitions=2", NULL, 24, 24 },
        { "conbench", "twins", "--benchmark_repetitions=2", NULL, 8, 8 },
        { "lit", "twins", "--benchmark_repetitions=2", NULL, 24, 24 },
        /* A complexity fit has no time, here as upstream. */
        { "conbench", "odd", "--benchmark_filter=BM_size", NULL, 3, 3 },
        { "github_action_benchmark", "odd", "--benchmark_filter=BM_size", NULL, -1, -1 },
        { "bencher", "odd", "--benchmark_filter=BM_size", NULL, -1, -1 },
        { "lit", "odd", "--benchmark_filter=BM_size", NULL, -1, -1 },
    };
    run_checks(checks, sizeof checks / sizeof checks[0]);
}

#define RECORD(members) "{\"context\":{\"caches\":[]},\"benchmarks\":[{\"name\":\"a\"" members "}]}"
#define REFUSED         -1, -1

/* Each checker can refuse. */
static void test_checkers(void **state)
{
    (void)state;
    need_node();
    static const struct check checks[] = {
        { "strict", NULL, NULL, RECORD(",\"x\":1"), 1, 1 },
        { "strict", NULL, NULL, RECORD(",\"x\":NaN"), REFUSED },
        { "strict", NULL, NULL, RECORD(",\"x\":\"\xff\""), REFUSED },
        { "strict", NULL, NULL, RECORD(",\"x\":\"\001\""), REFUSED },
        { "strict", NULL, NULL, RECORD("") "\nlog", REFUSED },
        { "extra_keys", NULL, NULL, RECORD(",\"samples\":1"), REFUSED },
        { "list", NULL, NULL, RECORD(""), REFUSED },
        { "github_action_benchmark", NULL, NULL, RECORD(",\"real_time\":1,\"time_unit\":\"ns\""), REFUSED },
        { "bencher", NULL, NULL, "{\"context\":{},\"benchmarks\":[]}", REFUSED },
        { "bencher", NULL, NULL, RECORD(",\"real_time\":1,\"time_unit\":\"h\""), REFUSED },
        { "conbench", NULL, NULL, RECORD(",\"real_time\":1,\"cpu_time\":1,\"time_unit\":\"ns\""), REFUSED },
        { "lit", NULL, NULL, RECORD(",\"real_time\":1"), REFUSED },
    };
    run_checks(checks, sizeof checks / sizeof checks[0]);
}

/* ---- prony run ---- */

static int query(const char *database, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

/* Threads, fits, aggregates, skips and interleaving do not disturb the samples. */
static void test_prony_run(void **state)
{
    (void)state;
    char directory[] = "/tmp/benchmark_run_XXXXXX";
    const char *bin = getenv("PRONY_BIN");
    assert_non_null(mkdtemp(directory));
    char *database = mem_format("%s/t.db", directory);
    char *line = mem_format(
        "exe=%%; cat >%s/t.plan <<END\n"
        "rounds = 1\ngroup = 20\nmin_time = 0.000001s\n[suite odd]\nprogram = $exe\nrepetitions = 2\n"
        "filter = ^BM_(size|threads|skip|error|args)\nargs = --benchmark_enable_random_interleaving\n"
        "END\n%s/prony run %s/t.plan --db %s -q && %s/prony report --db %s >/dev/null",
        directory, bin && *bin ? bin : "build/bin", directory, database, bin && *bin ? bin : "build/bin", database);
    struct client_result result = client_shell("odd", line);
    if (result.status != 0)
        fail_msg("%s", result.err);
    assert_int_equal(query(database, "SELECT count(*) FROM failure"), 0);
    assert_int_equal(query(database, "SELECT count(*) FROM samples"), 16);
    assert_int_equal(query(database, "SELECT count(*) FROM samples WHERE status = 'ok' AND name LIKE 'BM_size/%'"), 6);
    assert_int_equal(query(database, "SELECT count(*) FROM samples WHERE status = 'ok' AND name LIKE 'BM_threads%'"),
                     2);
    assert_int_equal(query(database, "SELECT count(*) FROM samples WHERE status <> 'ok' AND name = 'BM_skip'"), 2);
    assert_int_equal(query(database, "SELECT count(*) FROM samples WHERE name LIKE '%BigO' OR name LIKE '%RMS' OR "
                                     "name LIKE '%mean'"),
                     0);
    client_release(&result);
    free(line);
    line = mem_format("rm -r %s", directory);
    result = client_shell("", line);
    client_release(&result);
    free(line);
    free(database);
}

int main(int argc, char **argv)
{
    const struct client *client = client_find(clients, sizeof clients / sizeof clients[0]);
    if (client)
        return client->main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_files), cmocka_unit_test(test_compare_programs),
        cmocka_unit_test(test_strict_json),   cmocka_unit_test(test_services),
        cmocka_unit_test(test_checkers),      cmocka_unit_test(test_prony_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
