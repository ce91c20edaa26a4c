/* store_test.c: what goes in comes out; what is not ours is refused; nothing is lost. */
#include "harness/store/store_internal.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "tests/support/store_v1.h"
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

/* While another program writes the first pages, the file has its length and holds only zeros; SQLite's lock says to
 * wait. Here the lock (a POSIX one on SQLite's "shared" bytes) is held until the real bytes are there. */
static void test_opened_while_being_made(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    store_close(open_store(fixture.path, false));
    char *data;
    size_t size;
    assert_int_equal(file_read(fixture.path, &data, &size, NULL), 0);
    char *zeros = mem_alloc(size);
    write_file(fixture.path, zeros, size);
    int fd = open(fixture.path, O_RDWR | O_CLOEXEC);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510 };
    assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store;
        int code = store_open(&store, fixture.path, false, NULL);
        if (code == 0)
            store_close(store);
        _exit(code);
    }
    usleep(50000);
    int status;
    assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    assert_int_equal(pwrite(fd, data, size, 0), size);
    close(fd);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    free(zeros);
    free(data);
    release_path(&fixture);
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

static struct store_case *read_cases(struct store *store, int64_t run, struct arena *arena, size_t *count)
{
    struct store_case *cases;
    struct error error;
    if (store_cases(store, run, arena, &cases, count, &error) != 0)
        fail_msg("%s", error.text);
    return cases;
}

static const struct store_series *find_series(const struct store_case *item, enum store_pass pass, const char *name)
{
    for (size_t i = 0; i < item->metric_count; i++)
        if (item->metrics[i].pass == pass && str_equal(item->metrics[i].name, name))
            return &item->metrics[i];
    fail_msg("there is no metric %s in pass %d", name, (int)pass);
    return NULL;
}

/* Two timed samples and two of the counters, whose times must not show; spans and courses of the newest. */
static void add_passes(struct store *store, int64_t run)
{
    double first[] = { 10, 20 }, second[] = { 30, 40 }, operations[] = { 0, 100, 200 }, live[] = { 1.5, NAN, 3e9 };
    struct store_metric counted[] = {
        { .name = "cycles",
          .value = 30,
          .state = STORE_SCALED,
          .running_share = 0.75,
          .reason = "scaled",
          .remedy = "fewer events",
          .thread_values = first,
          .thread_count = 2 },
        { .name = "flops", .unit = "", .state = STORE_UNSUPPORTED, .reason = "no PMU", .remedy = "another machine" }
    };
    struct store_metric again = {
        .name = "cycles", .value = 70, .running_share = 1, .thread_values = second, .thread_count = 2
    };
    struct store_metric timed = { .name = "cycles", .value = 5 };
    struct store_span spans[] = {
        { .operation = "attention",
          .layer = 0,
          .calls = 2,
          .time_ns = 60,
          .bytes = 1e6,
          .flops = NAN,
          .kernels = "matvec/q8_0" },
        { .operation = "sample", .layer = -1, .calls = 1, .time_ns = 5, .bytes = NAN, .flops = NAN }
    };
    struct store_course course = {
        .name = "live_bytes", .unit = "B", .operations = operations, .values = live, .count = 3
    };
    struct store_sample samples[] = { make_sample("a", 0, 100), make_sample("a", 1, 110), make_sample("a", 0, 500),
                                      make_sample("a", 1, 510), make_sample("a", 0, 120), make_sample("a", 0, 130),
                                      make_sample("a", 0, 0),   make_sample("only", 0, 9) };
    enum { COUNT = sizeof samples / sizeof samples[0] };
    const enum store_pass passes[COUNT] = { STORE_PASS_TIMED,     STORE_PASS_TIMED,   STORE_PASS_COUNTERS,
                                            STORE_PASS_COUNTERS,  STORE_PASS_SPANS,   STORE_PASS_MEMORY,
                                            STORE_PASS_CALLGRIND, STORE_PASS_COUNTERS };
    for (int i = 0; i < COUNT; i++) {
        samples[i].pass = passes[i];
        samples[i].process = i;
    }
    samples[0].metrics = &timed;
    samples[0].metric_count = 1;
    samples[2].metrics = counted;
    samples[2].metric_count = 2;
    samples[2].output_digest = "not the timed one";
    samples[1].values_ns = first;
    samples[1].value_count = 2;
    samples[2].values_ns = second;
    samples[2].value_count = 2;
    samples[3].metrics = &again;
    samples[3].metric_count = 1;
    samples[3].spans = &spans[1]; /* an older trace */
    samples[3].span_count = 1;
    samples[4].spans = spans;
    samples[4].span_count = 2;
    samples[5].courses = &course;
    samples[5].course_count = 1;
    samples[6].status = STORE_SAMPLE_SKIPPED;
    samples[6].message = "no valgrind";
    samples[6].metrics = &counted[1];
    samples[6].metric_count = 1;
    samples[7].metrics = &again;
    samples[7].metric_count = 1;
    struct error error;
    if (store_sample_add(store, run, samples, COUNT, &error) != 0)
        fail_msg("%s", error.text);
}

static void test_passes(void **state)
{
    (void)state;
    struct fixture fixture;
    struct arena arena = { 0 };
    size_t count;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    int64_t run = begin_run(store, 1, "aaaa");
    add_passes(store, run);
    struct store_case *cases = read_cases(store, run, &arena, &count), *a = &cases[0], *only = &cases[1];
    assert_int_equal(count, 2);
    assert_int_equal(a->sample_count, 2);
    assert_true(a->real_time_ns[0] == 100 && a->real_time_ns[1] == 110 && a->processes[1] == 1);
    assert_true(a->skip_count == 0 && a->message == NULL && a->output_digest == NULL);
    assert_int_equal(a->metrics[0].pass, STORE_PASS_TIMED);
    assert_true(a->value_count == 2 && a->values_ns[0] == 10 && a->values_ns[1] == 20);

    const struct store_series *timed = find_series(a, STORE_PASS_TIMED, "cycles");
    assert_true(timed->count == 2 && timed->values[0] == 5 && isnan(timed->values[1]) && !timed->thread_values);
    const struct store_series *counted = find_series(a, STORE_PASS_COUNTERS, "cycles");
    assert_true(counted->count == 2 && counted->values[0] == 30 && counted->values[1] == 70);
    assert_true(counted->processes[0] == 2 && counted->processes[1] == 3);
    assert_true(counted->running_share == 0.75 && counted->worst_state == STORE_SCALED);
    assert_string_equal(counted->reason, "scaled");
    assert_string_equal(counted->remedy, "fewer events");
    assert_int_equal(counted->thread_count, 2);
    assert_true(counted->thread_values[0] == 20 && counted->thread_values[1] == 30);
    const struct store_series *flops = find_series(a, STORE_PASS_COUNTERS, "flops");
    assert_true(flops->count == 2 && isnan(flops->values[0]) && flops->worst_state == STORE_UNSUPPORTED);
    assert_string_equal(find_series(a, STORE_PASS_CALLGRIND, "flops")->remedy, "another machine");

    assert_int_equal(a->trace_count, 2);
    assert_true(a->traces[0].round == 1 && a->traces[0].process == 3 && a->traces[0].iteration_ns == 510);
    assert_int_equal(a->traces[0].span_count, 1);
    assert_string_equal(a->traces[0].spans[0].operation, "sample");
    assert_true(a->traces[1].round == 0 && a->traces[1].spans == a->spans && a->traces[1].span_count == 2);
    assert_int_equal(a->span_count, 2);
    assert_string_equal(a->spans[0].operation, "attention");
    assert_string_equal(a->spans[0].kernels, "matvec/q8_0");
    assert_null(a->spans[1].kernels);
    assert_true(a->spans[0].layer == 0 && a->spans[0].calls == 2 && a->spans[0].bytes == 1e6 &&
                isnan(a->spans[0].flops));
    assert_true(a->spans[1].layer == -1 && a->spans[1].time_ns == 5 && a->span_iteration_ns == 120);
    assert_int_equal(a->course_count, 1);
    assert_string_equal(a->courses[0].name, "live_bytes");
    assert_true(a->courses[0].count == 3 && a->courses[0].operations[1] == 100 && isnan(a->courses[0].values[1]));

    assert_int_equal(only->sample_count, 0); /* no timed sample: metrics only */
    assert_true(find_series(only, STORE_PASS_COUNTERS, "cycles")->values[0] == 70);
    arena_release(&arena);
    store_close(store);
    assert_int_equal(query(fixture.path, "SELECT count(*) FROM samples WHERE pass = 'counters'"), 3);
    assert_int_equal(query(fixture.path, "SELECT count(*) FROM sample_values WHERE remedy = 'another machine'"), 2);
    release_path(&fixture);
}

/* A good sample first, then one whose part is refused: nothing of either may stay. */
static void test_bad_parts(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    int64_t run = begin_run(store, 1, "aaaa"), count;
    struct store_span span = { .operation = "attention", .layer = 1, .calls = 1, .time_ns = NAN };
    struct store_sample samples[] = { make_sample("a", 0, 1), make_sample("a", 1, 2) };
    samples[1].spans = &span;
    samples[1].span_count = 1;
    struct error error;
    assert_int_equal(store_sample_add(store, run, samples, 2, &error), ERROR_NUMERIC);
    assert_non_null(strstr(error.text, "attention"));
    assert_int_equal(store_query_int(store, "SELECT count(*) FROM sample", &count, NULL), 0);
    assert_int_equal(count, 0);
    store_close(store);
    release_path(&fixture);
}

/* Rows that contradict each other, as a bad disk or somebody's UPDATE leaves them. */
static void test_contradictions(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *expected;
    } cases[] = {
        { "UPDATE sample_course SET count = 4", "as many values as it says" },
        { "UPDATE sample_course SET \"values\" = x'00'", "as many values as it says" },
        { "UPDATE sample_course SET operations = x'', count = 0", "as many values as it says" },
        { "UPDATE sample_thread_value SET thread = -1 WHERE thread = 0", "no possible thread" },
        { "UPDATE sample_thread_value SET thread = 9999999999 WHERE thread = 0", "no possible thread" },
        { "UPDATE sample_thread_value SET metric_id = (SELECT id FROM metric WHERE name = 'live_bytes')",
          "a value of no metric" },
        { "UPDATE sample SET pass = 17 WHERE pass = 1", "no such pass" },
        { "UPDATE sample_value SET state = 9", "no such state" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture fixture;
        make_path(&fixture);
        struct store *store = open_store(fixture.path, false);
        int64_t run = begin_run(store, 1, "aaaa");
        add_passes(store, run);
        store_close(store);
        char *sql = mem_format("PRAGMA ignore_check_constraints = ON; %s", cases[i].sql);
        run_sql(fixture.path, sql);
        free(sql);
        store = open_store(fixture.path, true);
        struct arena arena = { 0 };
        struct store_case *rows;
        size_t count;
        struct error error = { 0 };
        if (store_cases(store, run, &arena, &rows, &count, &error) == 0 || !strstr(error.text, cases[i].expected) ||
            !strstr(error.text, ": sample "))
            fail_msg("%s: '%s'", cases[i].sql, error.text);
        arena_release(&arena);
        store_close(store);
        release_path(&fixture);
    }
}

static void make_v1(const char *path)
{
    run_sql(path, "PRAGMA journal_mode = WAL");
    run_sql(path, store_v1_tables);
    run_sql(path, store_v1_views);
    run_sql(path, store_v1_rows);
}

static void assert_v1_rows(struct store *store)
{
    struct arena arena = { 0 };
    struct store_run_row row;
    size_t count;
    assert_int_equal(store_run_find(store, NULL, &arena, &row, NULL), 0);
    assert_true(row.seed == 5 && row.sample_count == 3 && row.failure_count == 1);
    struct store_case *cases = read_cases(store, row.id, &arena, &count);
    assert_int_equal(count, 2);
    assert_int_equal(cases[0].sample_count, 2);
    assert_true(cases[0].real_time_ns[1] == 101.5 && cases[0].value_count == 2 && cases[0].values_ns[1] == 2);
    assert_string_equal(cases[0].label, "best");
    assert_true(find_series(&cases[0], STORE_PASS_TIMED, "tokens_per_second")->values[1] == 43.5);
    assert_string_equal(find_series(&cases[0], STORE_PASS_TIMED, "cycles")->reason, "no counters here");
    assert_null(find_series(&cases[0], STORE_PASS_TIMED, "cycles")->remedy);
    assert_int_equal(cases[1].error_count, 1);
    assert_true(cases[0].span_count == 0 && cases[0].course_count == 0);
    arena_release(&arena);
}

/* An old file is read and written by this prony; what was in it stays. */
static void test_migration(void **state)
{
    (void)state;
    struct fixture fixture;
    for (int read_first = 0; read_first < 2; read_first++) {
        make_path(&fixture);
        make_v1(fixture.path);
        struct store *store = open_store(fixture.path, read_first);
        assert_v1_rows(store);
        struct store_sample sample = make_sample("a", 2, 103);
        struct error error;
        if (read_first) {
            assert_int_not_equal(store_sample_add(store, 1, &sample, 1, &error), 0);
            assert_non_null(strstr(error.text, "read-only"));
        } else {
            add_passes(store, 1);
        }
        store_close(store);
        assert_int_equal(query(fixture.path, "PRAGMA user_version"), store_schema_version());
        assert_int_equal(query(fixture.path, "PRAGMA foreign_key_check"), 0);
        assert_int_equal(query(fixture.path, "SELECT count(*) FROM samples WHERE pass = 'timed'"), read_first ? 3 : 5);
        release_path(&fixture);
    }
}

/* A failure in the middle of the migration leaves the old file as it was. */
static void test_migration_fails(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    make_v1(fixture.path);
    run_sql(fixture.path, "CREATE TABLE run_check(x)"); /* somebody took a name that version 2 needs */
    assert_refused(fixture.path, false, "run_check");
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM pragma_table_info('sample') WHERE name = 'pass'", -1,
                                        &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    release_path(&fixture);
}

/* Where nothing can be written, an old file is upgraded in memory. */
static void test_migration_read_only(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    make_v1(fixture.path);
    chmod(fixture.path, 0444);
    chmod(fixture.directory, 0555);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(3);
        struct store *store = open_store(fixture.path, true);
        assert_v1_rows(store);
        struct store_sample sample = make_sample("a", 2, 103);
        if (store_sample_add(store, 1, &sample, 1, NULL) == 0)
            _exit(4);
        store_close(store);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    chmod(fixture.directory, 0755);
    assert_int_equal(status, 0);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 1);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    release_path(&fixture);
}

/* A run that ended, and gets one sample more in the same transaction, must not keep the counts of its end. */
static void test_counts_in_a_group(void **state)
{
    (void)state;
    struct fixture fixture;
    make_path(&fixture);
    struct store *store = open_store(fixture.path, false);
    struct store_sample first = make_sample("a", 0, 12), second = make_sample("b", 0, 13);
    assert_int_equal(store_group_begin(store, NULL), 0);
    int64_t run = begin_run(store, 1, "aaaa"), other = begin_run(store, 2, "aaaa");
    assert_int_equal(store_sample_add(store, run, &first, 1, NULL), 0);
    assert_int_equal(store_run_end(store, run, "complete", NULL), 0);
    assert_int_equal(store_sample_add(store, run, &second, 1, NULL), 0);
    assert_int_equal(store_run_end(store, other, "complete", NULL), 0);
    assert_int_equal(store_sample_add(store, run, &first, 1, NULL), 0);
    assert_int_equal(store_sample_add(store, other, &first, 1, NULL), 0);
    assert_int_equal(store_group_end(store, 0, NULL), 0);
    store_close(store);
    assert_int_equal(query(fixture.path, "SELECT samples FROM runs WHERE run = 1"), 3);
    assert_int_equal(query(fixture.path, "SELECT samples FROM runs WHERE run = 2"), 1);
    store = open_store(fixture.path, false);
    assert_int_equal(store_run_end(store, run, "complete", NULL), 0);
    assert_int_equal(store_sample_add(store, run, &second, 1, NULL), 0);
    store_close(store);
    assert_int_equal(query(fixture.path, "SELECT samples FROM runs WHERE run = 1"), 4);
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
        cmocka_unit_test(test_opened_while_being_made),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_read_only_directory),
        cmocka_unit_test(test_concurrent_writers),
        cmocka_unit_test(test_killed_writer),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_file_size_limit),
        cmocka_unit_test(test_bad_sample_stores_nothing),
        cmocka_unit_test(test_counts_in_a_group),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_passes),
        cmocka_unit_test(test_bad_parts),
        cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_migration),
        cmocka_unit_test(test_migration_fails),
        cmocka_unit_test(test_migration_read_only),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
