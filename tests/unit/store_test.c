/* store_test.c: what goes in comes out; what is not ours is refused; nothing is lost. */
#include "harness/store/store_internal.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* A database path in a fresh directory; both are removed by release_path. */
struct fixture {
    char directory[64];
    char path[96];
};

static void make_path(struct fixture *fixture)
{
    strcpy(fixture->directory, "/tmp/prony-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/a b%%?.db", fixture->directory);
}

static void release_path(struct fixture *fixture)
{
    const char *suffixes[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        char *path = mem_format("%s%s", fixture->path, suffixes[i]);
        unlink(path);
        free(path);
    }
    assert_int_equal(rmdir(fixture->directory), 0);
}

static struct store *open_store(const char *path, bool read_only)
{
    struct store *store;
    struct error error;
    if (store_open(&store, path, read_only, &error) != 0)
        fail_msg("%s", error.text);
    return store;
}

static int64_t begin_run(struct store *store, uint64_t seed, const char *commit)
{
    const struct store_fact machine[] = { { "cpu", "a cpu" }, { "cores", "2" } };
    const struct store_fact build[] = { { "git_commit", commit }, { "compiler", "gcc" } };
    const struct store_fact environment[] = { { "load", "0.5" } };
    struct store_run run = { .plan = "quick",
                             .command = "prony run quick",
                             .seed = seed,
                             .fingerprint = "abcd",
                             .machine = machine,
                             .machine_count = 2,
                             .build = build,
                             .build_count = 2,
                             .environment = environment,
                             .environment_count = 1 };
    int64_t id;
    struct error error;
    if (store_run_begin(store, &run, &id, &error) != 0)
        fail_msg("%s", error.text);
    return id;
}

static struct store_sample make_sample(const char *name, int round, double time_ns)
{
    return (struct store_sample){ .suite = "kernels",
                                  .name = name,
                                  .round = round,
                                  .process = round + 10,
                                  .iterations = 1000 + round,
                                  .real_time_ns = time_ns,
                                  .cpu_time_ns = time_ns / 2 };
}

static int64_t query(const char *path, const char *sql)
{
    struct store *store = open_store(path, true);
    int64_t value;
    assert_int_equal(store_query_int(store, sql, &value, NULL), 0);
    store_close(store);
    return value;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    int64_t run = begin_run(store, UINT64_MAX, "c0ffee");

    const char *declared[] = { "b", "a" };
    assert_int_equal(store_cases_declare(store, "kernels", declared, 2, NULL), 0);
    double values[] = { 1.5, -0.0, 1e300 };
    struct store_metric metrics[] = {
        { .name = "tokens_per_second", .unit = "1/s", .value = 42.5 },
        { .name = "cycles", .unit = "", .state = STORE_UNSUPPORTED, .reason = "no counters on this machine" }
    };
    struct store_metric only_one[] = { { .name = "tokens_per_second", .unit = "1/s", .value = NAN } };
    struct store_sample samples[] = { make_sample("a", 0, 100), make_sample("a", 1, 110.25), make_sample("b", 0, 7),
                                      make_sample("a", 2, 0), make_sample("a", 3, 0) };
    samples[0].metrics = metrics;
    samples[0].metric_count = 2;
    samples[0].values_ns = values;
    samples[0].value_count = 3;
    samples[0].label = "best";
    samples[0].output_digest = "00ff";
    samples[1].output_digest = "00fe";
    samples[1].metrics = only_one;
    samples[1].metric_count = 1;
    samples[3].status = STORE_SAMPLE_ERROR;
    samples[3].message = "output differs";
    samples[4].status = STORE_SAMPLE_SKIPPED;
    samples[4].message = "no AMX";
    assert_int_equal(store_sample_add(store, run, samples, 5, NULL), 0);
    struct store_failure failure = {
        .suite = "layers", .reason = "killed by signal 11", .stderr_tail = "oh no", .round = 1, .process = 9
    };
    assert_int_equal(store_failure_add(store, run, &failure, NULL), 0);
    struct store_fact late[] = { { "load", "9" }, { "kernels.library_version", "v1" } };
    assert_int_equal(store_run_facts_add(store, run, late, 2, NULL), 0);
    assert_int_equal(store_run_end(store, run, "complete", NULL), 0);
    assert_int_not_equal(store_run_end(store, 99, "complete", NULL), 0);
    store_close(store);

    store = open_store(fixture.path, true);
    struct arena arena = { 0 };
    struct store_run_row row;
    assert_int_equal(store_run_find(store, NULL, &arena, &row, NULL), 0);
    assert_int_equal(row.id, run);
    assert_true(row.seed == UINT64_MAX);
    assert_string_equal(row.status, "complete");
    assert_int_equal(row.sample_count, 5);
    assert_int_equal(row.case_count, 2);
    assert_int_equal(row.failure_count, 1);
    assert_int_equal(row.machine_count, 2);
    assert_int_equal(row.environment_count, 2);
    assert_string_equal(row.environment[1].value, "0.5"); /* load came first */
    assert_true(row.ended_ns >= row.started_ns && row.started_ns > 0);

    struct store_case *cases;
    size_t count;
    assert_int_equal(store_cases(store, run, &arena, &cases, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_string_equal(cases[0].name, "b"); /* declared first */
    assert_string_equal(cases[1].name, "a");
    struct store_case *a = &cases[1];
    assert_int_equal(a->sample_count, 2);
    assert_true(a->real_time_ns[1] == 110.25 && a->cpu_time_ns[0] == 50);
    assert_int_equal(a->rounds[1], 1);
    assert_int_equal(a->processes[1], 11);
    assert_int_equal(a->iterations[1], 1001);
    assert_string_equal(a->label, "best");
    assert_string_equal(a->output_digest, "00ff");
    assert_true(a->outputs_differ && !cases[0].outputs_differ && !cases[0].output_digest);
    assert_int_equal(a->error_count, 1);
    assert_int_equal(a->skip_count, 1);
    assert_string_equal(a->message, "output differs");
    assert_int_equal(a->value_count, 3);
    assert_memory_equal(a->values_ns, values, sizeof values);
    assert_int_equal(a->metric_count, 2);
    assert_string_equal(a->metrics[0].name, "tokens_per_second");
    assert_true(a->metrics[0].values[0] == 42.5 && isnan(a->metrics[0].values[1]));
    assert_int_equal(a->metrics[0].worst_state, STORE_NOT_COUNTED);
    assert_string_equal(a->metrics[0].reason, "not a finite number");
    assert_true(isnan(a->metrics[1].values[0]));
    assert_string_equal(a->metrics[1].reason, "no counters on this machine");

    struct store_failure_row *failures;
    assert_int_equal(store_failures(store, run, &arena, &failures, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(failures[0].reason, "killed by signal 11");
    assert_string_equal(failures[0].stderr_tail, "oh no");

    /* Reading must not write. */
    struct error error;
    assert_int_not_equal(store_sample_add(store, run, samples, 1, &error), 0);
    assert_non_null(strstr(error.text, "read-only"));
    arena_release(&arena);
    store_close(store);
    release_path(&fixture);
}

static void test_find(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    struct arena arena = { 0 };
    struct store_run_row row;
    struct error error;
    assert_int_not_equal(store_run_find(store, NULL, &arena, &row, &error), 0);
    assert_non_null(strstr(error.text, "holds no runs yet"));
    int64_t first = begin_run(store, 1, "aaaa"), second = begin_run(store, 2, "bbbb"),
            third = begin_run(store, 3, "aaaa");
    assert_int_equal(store_run_find(store, "latest", &arena, &row, NULL), 0);
    assert_int_equal(row.id, third);
    assert_string_equal(row.status, "running");
    char *uuid = mem_strdup(row.uuid);
    assert_int_equal(store_run_find(store, "latest~1", &arena, &row, NULL), 0);
    assert_int_equal(row.id, second);
    assert_int_equal(store_run_find(store, "1", &arena, &row, NULL), 0);
    assert_int_equal(row.id, first);
    uuid[13] = 0;
    assert_int_equal(store_run_find(store, uuid, &arena, &row, NULL), 0);
    assert_int_equal(row.id, third);
    free(uuid);
    const char *absent[] = { "latest~3", "latest~-1", "latest~x", "77", "zz", "", "*" };
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        assert_int_not_equal(store_run_find(store, absent[i], &arena, &row, NULL), 0);
    struct store_run_row *runs;
    size_t count;
    assert_int_equal(store_runs(store, 2, &arena, &runs, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_int_equal(runs[0].id, third);
    arena_release(&arena);
    store_close(store);
    /* Equal builds share one row. */
    assert_int_equal(query(fixture.path, "SELECT count(*) FROM build"), 2);
    assert_int_equal(query(fixture.path, "SELECT count(*) FROM machine"), 1);
    release_path(&fixture);
}

static void write_file(const char *path, const char *data, size_t size)
{
    assert_int_equal(file_write(path, data, size, NULL), 0);
}

static void assert_refused(const char *path, bool read_only, const char *expected)
{
    struct store *store;
    struct error error;
    assert_int_not_equal(store_open(&store, path, read_only, &error), 0);
    assert_null(store);
    if (!strstr(error.text, expected) || !str_starts(error.text, path))
        fail_msg("'%s' does not name the file and say '%s'", error.text, expected);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_refusals(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    assert_refused(fixture.path, true, "there is no such database");
    assert_refused(fixture.directory, false, "is a directory");
    char *elsewhere = mem_format("%s/none/x.db", fixture.directory);
    assert_refused(elsewhere, false, "No such file or directory");
    free(elsewhere);

    /* Somebody's text is refused and stays what it was, short or long. */
    char text[5000];
    memset(text, 'x', sizeof text);
    const size_t sizes[] = { 1, 40, 600, sizeof text };
    for (size_t i = 0; i < 4; i++) {
        write_file(fixture.path, text, sizes[i]);
        assert_refused(fixture.path, false, "not a prony database");
        char *data;
        size_t size;
        assert_int_equal(file_read(fixture.path, &data, &size, NULL), 0);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(data, text, size);
        free(data);
    }
    unlink(fixture.path);

    write_file(fixture.path, "", 0);
    assert_refused(fixture.path, true, "empty file");
    run_sql(fixture.path, "CREATE TABLE mine(x)");
    assert_refused(fixture.path, false, "application id 0x00000000");
    assert_refused(fixture.path, true, "not a prony database");
    unlink(fixture.path);

    store_close(open_store(fixture.path, false));
    run_sql(fixture.path, "PRAGMA user_version = 7");
    char expected[80];
    snprintf(expected, sizeof expected, "made by a newer prony (schema 7, this one knows %d)", store_schema_version());
    assert_refused(fixture.path, false, expected);
    assert_refused(fixture.path, true, expected);
    release_path(&fixture);
}

/* Several programs make the same new file at the same moment. */
static void test_created_at_once(void **state)
{
    (void)state;
    enum { ROUNDS = 25, PROGRAMS = 4 };
    struct fixture fixture;
    for (int round = 0; round < ROUNDS; round++) {
        make_path(&fixture);
        pid_t children[PROGRAMS];
        for (int i = 0; i < PROGRAMS; i++) {
            children[i] = fork();
            assert_true(children[i] >= 0);
            if (children[i] == 0) {
                struct store *store;
                struct error error;
                int code = store_open(&store, fixture.path, false, &error);
                if (code == 0)
                    store_close(store);
                _exit(code);
            }
        }
        for (int i = 0; i < PROGRAMS; i++) {
            int status;
            assert_int_equal(waitpid(children[i], &status, 0), children[i]);
            assert_int_equal(status, 0);
        }
        release_path(&fixture);
    }
}

static void test_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    int64_t run = begin_run(store, 1, "aaaa");
    for (int i = 0; i < 300; i++) {
        struct store_sample sample = make_sample("a", i, 1);
        assert_int_equal(store_sample_add(store, run, &sample, 1, NULL), 0);
    }
    store_close(store);
    char *data;
    size_t size;
    assert_int_equal(file_read(fixture.path, &data, &size, NULL), 0);
    /* The newest page holds samples: the file opens, the damage shows on reading and is described. */
    memset(data + size - 4096, 0xa5, 4096);
    write_file(fixture.path, data, size);
    store = open_store(fixture.path, true);
    struct arena arena = { 0 };
    struct store_case *cases;
    size_t count;
    struct error error;
    assert_int_not_equal(store_cases(store, run, &arena, &cases, &count, &error), 0);
    if (!strstr(error.text, "the database is damaged: ") || !strstr(error.text, ".recover"))
        fail_msg("%s", error.text);
    arena_release(&arena);
    store_close(store);
    /* The schema is gone: it does not even open. */
    memset(data + 4096, 0xa5, size - 4096);
    write_file(fixture.path, data, size);
    free(data);
    assert_refused(fixture.path, true, "the database is damaged");
    assert_refused(fixture.path, false, "the database is damaged");
    release_path(&fixture);
}

static void test_read_only_directory(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    begin_run(store, 1, "aaaa");
    store_close(store);
    /* Root may write everywhere; drop to nobody in a child so that the directory really is read-only. */
    chmod(fixture.path, 0444);
    chmod(fixture.directory, 0555);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(3);
        struct error error;
        if (store_open(&store, fixture.path, false, &error) == 0 || !strstr(error.text, "read-only"))
            _exit(4);
        struct arena arena = { 0 };
        struct store_run_row row;
        if (store_open(&store, fixture.path, true, &error) != 0 ||
            store_run_find(store, NULL, &arena, &row, &error) != 0 || row.id != 1)
            _exit(5);
        arena_release(&arena);
        store_close(store);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    chmod(fixture.directory, 0755);
    assert_int_equal(WEXITSTATUS(status), 0);
    release_path(&fixture);
}

enum { WRITERS = 4, GROUPS = 25, GROUP_SIZE = 4 };

/* Opens (and maybe creates) the database, adds a run and its samples, each group in a transaction of its own. */
static int write_as_process(const char *path, int writer)
{
    struct store *store;
    struct error error;
    if (store_open(&store, path, false, &error) != 0) {
        fprintf(stderr, "writer %d: %s\n", writer, error.text);
        return 1;
    }
    int64_t run = begin_run(store, (uint64_t)writer, "aaaa");
    for (int group = 0; group < GROUPS; group++) {
        struct store_sample samples[GROUP_SIZE];
        char names[GROUP_SIZE][32];
        for (int i = 0; i < GROUP_SIZE; i++) {
            snprintf(names[i], sizeof names[i], "case:%d", group % 5);
            samples[i] = make_sample(names[i], group, writer + 1);
        }
        if (store_sample_add(store, run, samples, GROUP_SIZE, &error) != 0) {
            fprintf(stderr, "writer %d: %s\n", writer, error.text);
            return 1;
        }
    }
    int code = store_run_end(store, run, "complete", &error);
    store_close(store);
    return code != 0;
}

static void test_concurrent_writers(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            _exit(write_as_process(fixture.path, i));
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(query(fixture.path, "SELECT count(*) FROM sample"), WRITERS * GROUPS * GROUP_SIZE);
    assert_int_equal(query(fixture.path, "SELECT count(*) FROM suite_case"), 5);
    assert_int_equal(query(fixture.path, "SELECT count(DISTINCT run_id || '/' || real_time_ns) FROM sample"), WRITERS);
    release_path(&fixture);
}

static void test_killed_writer(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *store = open_store(fixture.path, false);
        int64_t run = begin_run(store, 1, "aaaa");
        for (int i = 0;; i++) {
            struct store_sample sample = make_sample("a", i, 1);
            if (store_sample_add(store, run, &sample, 1, NULL) != 0 || write(ready[1], "x", 1) != 1)
                _exit(1);
        }
    }
    /* Every byte is one committed sample. SIGKILL while it is writing: at most the running one may be missing. */
    close(ready[1]);
    char byte[64];
    int64_t acknowledged = 0;
    while (acknowledged < 50)
        acknowledged += read(ready[0], byte, 1);
    kill(pid, SIGKILL);
    ssize_t got;
    while ((got = read(ready[0], byte, sizeof byte)) > 0)
        acknowledged += got;
    close(ready[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    int64_t stored = query(fixture.path, "SELECT count(*) FROM sample");
    assert_true(stored == acknowledged || stored == acknowledged + 1);
    release_path(&fixture);
}

/* Adds samples until an error; returns how many went in. */
static int fill(struct store *store, int64_t run, struct error *error)
{
    for (int i = 0; i < 100000; i++) {
        char name[64];
        snprintf(name, sizeof name, "a case with a rather long name, number:%d", i);
        struct store_sample sample = make_sample(name, i, 1);
        if (store_sample_add(store, run, &sample, 1, error) != 0)
            return i;
    }
    fail_msg("100000 samples went into a full database");
    return 0;
}

static void test_full_disk(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    int64_t run = begin_run(store, 1, "aaaa");
    assert_int_equal(store_execute(store, "PRAGMA max_page_count = 40", NULL), 0);
    struct error error;
    int stored = fill(store, run, &error);
    assert_true(stored > 10);
    assert_non_null(strstr(error.text, "the disk is full; everything stored before is safe"));
    /* Room again: the store goes on, and the names of the lost transaction are not taken for known. */
    assert_int_equal(store_execute(store, "PRAGMA max_page_count = 100000", NULL), 0);
    char name[64];
    snprintf(name, sizeof name, "a case with a rather long name, number:%d", stored);
    struct store_sample sample = make_sample(name, stored, 1);
    assert_int_equal(store_sample_add(store, run, &sample, 1, NULL), 0);
    store_close(store);
    assert_int_equal(query(fixture.path, "SELECT count(*) FROM sample"), stored + 1);
    release_path(&fixture);
}

static void test_file_size_limit(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    store_close(open_store(fixture.path, false));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGXFSZ, SIG_IGN);
        struct store *store = open_store(fixture.path, false);
        int64_t run = begin_run(store, 1, "aaaa");
        struct rlimit limit = { 300000, 300000 };
        setrlimit(RLIMIT_FSIZE, &limit);
        struct error error;
        int stored = fill(store, run, &error);
        if (!strstr(error.text, "everything stored before is safe")) {
            fprintf(stderr, "%s\n", error.text);
            _exit(255);
        }
        _exit(stored > 250 ? 250 : stored); /* abrupt: nothing is closed */
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 255);
    assert_int_equal(query(fixture.path, "SELECT count(*) FROM sample") >= WEXITSTATUS(status), 1);
    release_path(&fixture);
}

static void test_bad_sample_stores_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    int64_t run = begin_run(store, 1, "aaaa");
    struct store_sample samples[] = { make_sample("a", 0, 1), make_sample("a", 1, NAN) };
    struct error error;
    assert_int_not_equal(store_sample_add(store, run, samples, 2, &error), 0);
    assert_int_equal(error.code, ERROR_NUMERIC);
    int64_t count;
    assert_int_equal(store_query_int(store, "SELECT count(*) FROM sample", &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_not_equal(store_sample_add(store, run + 1, samples, 1, &error), 0); /* no such run */
    assert_int_equal(store_sample_add(store, run, samples, 1, NULL), 0);
    store_close(store);
    release_path(&fixture);
}

/* The views are an interface for people: every one must work and have the columns that docs/FORMATS.md shows. */
static void test_views(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    int64_t run = begin_run(store, 1, "aaaa");
    struct store_sample sample = make_sample("a", 0, 12);
    struct store_metric metric = { .name = "threads", .unit = "", .value = 2 };
    sample.metrics = &metric;
    sample.metric_count = 1;
    assert_int_equal(store_sample_add(store, run, &sample, 1, NULL), 0);
    struct store_failure failure = { .suite = "layers", .reason = "timed out" };
    assert_int_equal(store_failure_add(store, run, &failure, NULL), 0);
    store_close(store);
    assert_int_equal(query(fixture.path, "SELECT samples + failures FROM runs WHERE run = 1 AND git_commit = 'aaaa'"),
                     2);
    assert_int_equal(query(fixture.path, "SELECT real_time_ns FROM samples WHERE suite = 'kernels' AND name = 'a'"),
                     12);
    assert_int_equal(query(fixture.path, "SELECT value FROM sample_values WHERE metric = 'threads' AND state = 'ok'"),
                     2);
    assert_int_equal(query(fixture.path, "SELECT count(*) FROM failures WHERE reason = 'timed out'"), 1);
    assert_int_equal(query(fixture.path, "PRAGMA foreign_key_check"), 0);
    release_path(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_created_at_once),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_read_only_directory),
        cmocka_unit_test(test_concurrent_writers),
        cmocka_unit_test(test_killed_writer),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_file_size_limit),
        cmocka_unit_test(test_bad_sample_stores_nothing),
        cmocka_unit_test(test_views),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
