/* benchmark_death_test.c: a benchmark program that dies leaves JSON behind that can be parsed, on stdout and in the
 * file, and its status still says what it died of. */
#include "harness/base/file.h"
#include "harness/benchmark/benchmark.h"
#include "harness/benchmark/reporter.h"
#include "tests/support/benchmark_client.h"
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- the clients ---- */

static void BM_good(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9);
}

static int overflow_stack(volatile char *above)
{
    volatile char frame[4096];
    frame[0] = *above;
    return frame[0] == 0 ? overflow_stack(frame) + frame[0] : 1; /* always 0, which the compiler does not know */
}

static void fork_and_exit(void)
{
    pid_t child = fork();
    if (child == 0)
        exit(0);
    waitpid(child, NULL, 0);
}

static void die(const char *how)
{
    volatile char start = 0;
    if (strcmp(how, "fault") == 0)
        *(volatile char *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
    else if (strcmp(how, "stack") == 0)
        overflow_stack(&start);
    else if (strcmp(how, "abort") == 0)
        abort();
    else if (strcmp(how, "exit") == 0)
        exit(3);
    else if (strcmp(how, "_exit") == 0)
        _exit(4);
    else if (strcmp(how, "fork") == 0)
        fork_and_exit();
    else
        raise((int)strtol(how, NULL, 10));
}

static void BM_die(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        benchmark_state_set_iteration_time(state, 1e-9);
        if (benchmark_state_thread_index(state) == benchmark_state_threads(state) - 1)
            die(getenv("HOW"));
    }
}

/* Dies in its fourth repetition; the second is long enough for its predecessors to be kept once more. */
static void BM_later(struct benchmark_state *state)
{
    int *runs = benchmark_state_user_data(state);
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9 * (double)++*runs);
    if (*runs == 2)
        usleep(150000);
    if (*runs == 4)
        die(getenv("HOW"));
}

static int late(int argc, char **argv)
{
    int runs = 0;
    benchmark_use_manual_time(benchmark_register("BM_good", BM_good, NULL));
    struct benchmark *family = benchmark_register("BM_later", BM_later, &runs);
    benchmark_repetitions(benchmark_iterations(benchmark_use_manual_time(family), 1), 5);
    return benchmark_main(argc, argv);
}

static void register_death(void)
{
    benchmark_use_manual_time(benchmark_register("BM_good", BM_good, NULL));
    struct benchmark *mortal = benchmark_use_manual_time(benchmark_register("BM_die", BM_die, NULL));
    benchmark_threads(benchmark_iterations(mortal, 1), getenv("THREADS") ? 3 : 1);
    benchmark_use_manual_time(benchmark_register("BM_after", BM_good, NULL));
}

static int mortal(int argc, char **argv)
{
    register_death();
    return benchmark_main(argc, argv);
}

static void BM_nested(struct benchmark_state *state)
{
    static const struct benchmark_reporter_ops silent = { 0 };
    struct benchmark_reporter display = { .ops = &silent };
    while (benchmark_state_keep_running(state)) {
        benchmark_run_specified_with(&display, NULL, "BM_good");
        die(getenv("HOW"));
    }
}

/* Dies behind a run inside a run. */
static int nested(int argc, char **argv)
{
    benchmark_use_manual_time(benchmark_register("BM_good", BM_good, NULL));
    benchmark_iterations(benchmark_register("BM_nested", BM_nested, NULL), 1);
    return benchmark_main(argc, argv);
}

static void handle_own(int signal_number)
{
    static const char said[] = "own handler\n";
    (void)signal_number;
    if (write(STDERR_FILENO, said, sizeof said - 1) < 0)
        _exit(98);
}

static bool is_default(int signal_number)
{
    struct sigaction action;
    return sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}

/* A program with a handler of its own for SIGTERM, and SIGHUP ignored. */
static int handling(int argc, char **argv)
{
    signal(SIGTERM, handle_own);
    signal(SIGHUP, SIG_IGN);
    register_death();
    benchmark_initialize(&argc, argv);
    benchmark_run_specified();
    struct sigaction terminate, hang_up;
    sigaction(SIGTERM, NULL, &terminate);
    sigaction(SIGHUP, NULL, &hang_up);
    benchmark_shutdown();
    return terminate.sa_handler == handle_own && hang_up.sa_handler == SIG_IGN && is_default(SIGINT) &&
                   is_default(SIGXCPU)
               ? 0
               : 97;
}

/* Reports all the time. */
static int busy(int argc, char **argv)
{
    const char *count = getenv("COUNT");
    for (int i = 0; i < (count ? strtol(count, NULL, 10) : 3000); i++)
        benchmark_use_manual_time(benchmark_register("BM_good", BM_good, NULL));
    return benchmark_main(argc, argv);
}

/* Status 0 if crashes are nobody's business yet: a sanitizer reports them itself, and its handlers stay. */
static int plain(int argc, char **argv)
{
    (void)argc, (void)argv;
    return is_default(SIGSEGV) && is_default(SIGABRT) ? 0 : 1;
}

static const struct client clients[] = { { "mortal", mortal }, { "handling", handling }, { "busy", busy },
                                         { "late", late },     { "plain", plain },       { "nested", nested } };

/* ---- the tests ---- */

static json_t *parse(const char *text, const char *what)
{
    json_error_t reason;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &reason);
    if (!root)
        fail_msg("%s: line %d: %s in '%s'", what, reason.line, reason.text, text);
    return root;
}

static size_t count_records(const char *text, const char *what)
{
    json_t *root = parse(text, what);
    size_t count = json_array_size(json_object_get(root, "benchmarks"));
    json_decref(root);
    return count;
}

static void make_path(char *path)
{
    strcpy(path, "/tmp/benchmark_death_XXXXXX");
    close(mkstemp(path));
}

static char *take_file(const char *path)
{
    char *text = NULL;
    size_t size;
    assert_int_equal(file_read(path, &text, &size, NULL), 0);
    unlink(path);
    return text;
}

/* records_out: on stdout; -1 = that cannot be saved. */
static void expect_death(const char *how, int status, int signal_number, int records_out)
{
    char path[64];
    make_path(path);
    char *line = mem_format("ulimit -c 0; HOW=%s exec %% --benchmark_format=json --benchmark_min_time=3x "
                            "--benchmark_out=%s",
                            how, path);
    struct client_result result = client_shell("mortal", line);
    char *file = take_file(path);
    if (result.status != status || result.signal != signal_number)
        fail_msg("%s: status %d, signal %d, stderr '%s'", how, result.status, result.signal, result.err);
    if (records_out >= 0)
        assert_int_equal(count_records(result.out, how), records_out);
    assert_int_equal(count_records(file, how), records_out >= 0 ? records_out : 1);
    free(file);
    free(line);
    client_release(&result);
}

static void test_requests(void **state)
{
    (void)state;
    static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGALRM };
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        char how[16];
        snprintf(how, sizeof how, "%d", signals[i]);
        expect_death(how, -1, signals[i], 1);
    }
}

static void test_crashes(void **state)
{
    (void)state;
    struct client_result result = client_run("plain", "");
    bool is_plain = result.status == 0;
    client_release(&result);
    if (!is_plain) {
        print_message("skipped: a sanitizer reports crashes itself\n");
        skip();
    }
    expect_death("fault", -1, SIGSEGV, 1);
    expect_death("stack", -1, SIGSEGV, 1);
    expect_death("stack THREADS=3", -1, SIGSEGV, 1);
    expect_death("fault THREADS=3", -1, SIGSEGV, 1);
    expect_death("abort", -1, SIGABRT, 1);
    expect_death("8", -1, SIGFPE, 1);
    expect_death("7", -1, SIGBUS, 1);
}

static void test_exits(void **state)
{
    (void)state;
    expect_death("exit", 3, 0, 1);
    expect_death("_exit", 4, 0, -1);
    expect_death("9", -1, SIGKILL, -1);
    expect_death("fork", 0, 0, 3); /* the child's exit ends nothing */
}

/* Records on stdout and in the file after a death in the fourth of five repetitions. */
static size_t count_after_late_death(const char *how)
{
    char path[64];
    make_path(path);
    char *line =
        mem_format("HOW=%s exec %% --benchmark_format=json --benchmark_min_time=1x --benchmark_out=%s", how, path);
    struct client_result result = client_shell("late", line);
    char *file = take_file(path);
    size_t count = count_records(file, how);
    if (strcmp(how, "9") != 0)
        assert_int_equal(count_records(result.out, how), count);
    free(file);
    free(line);
    client_release(&result);
    return count;
}

/* The repetitions before the one that dies are there, and in a run that lives nothing is there twice. How many of them
 * depends on the time that keeping takes, which a busy machine can make too long: one of some attempts is enough. */
static void test_repetitions_kept(void **state)
{
    (void)state;
    assert_int_equal(count_after_late_death("fork"), 1 + 5 + 4);
    static const char *const hows[] = { "15", "9" };
    for (size_t i = 0; i < 2; i++) {
        size_t most = 0;
        for (int attempt = 0; attempt < 20 && most < 1 + 2; attempt++) {
            size_t count = count_after_late_death(hows[i]);
            assert_in_range(count, 1 + 1, 1 + 3);
            most = count > most ? count : most;
        }
        assert_in_range(most, 1 + 2, 1 + 3);
    }
}

static void test_nested_run(void **state)
{
    (void)state;
    struct client_result result =
        client_shell("nested", "HOW=15 exec % --benchmark_format=json --benchmark_min_time=1x");
    assert_int_equal(result.signal, SIGTERM);
    assert_int_equal(count_records(result.out, "nested"), 1);
    client_release(&result);
}

static void test_other_handlers(void **state)
{
    (void)state;
    struct client_result result =
        client_shell("handling", "HOW=15 exec % --benchmark_format=json --benchmark_min_time=1x");
    assert_int_equal(result.status, 0);
    assert_non_null(strstr(result.err, "own handler\n"));
    assert_int_equal(count_records(result.out, "handling"), 3);
    client_release(&result);
    result = client_shell("handling", "HOW=1 exec % --benchmark_format=json --benchmark_min_time=1x");
    assert_int_equal(result.status, 0);
    assert_int_equal(count_records(result.out, "ignoring"), 3);
    client_release(&result);
}

/* Killed from outside while it writes and writes. SIGKILL is the one thing that can cut a single write short: Linux
 * looks for it between pages, so the file then ends with a page. */
static void test_killed_while_writing(void **state)
{
    (void)state;
    static const char *const names[] = { "TERM", "KILL", "HUP", "KILL" }; /* sh ignores INT in the background */
    for (int i = 0; i < 8; i++) {
        char path[64], out[64];
        make_path(path);
        make_path(out);
        const char *name = names[i % 4];
        char *line =
            mem_format("%% --benchmark_format=json --benchmark_min_time=1x --benchmark_out=%s >%s & sleep 0.0%d; "
                       "kill -%s $!; wait $!",
                       path, out, i + 1, name);
        struct client_result result = client_shell("busy", line);
        char *file = take_file(path), *display = take_file(out);
        /* Not even opened yet is the one other thing that may be. */
        if (file[0] && !(strcmp(name, "KILL") == 0 && strlen(file) % 4096 == 0))
            count_records(file, name);
        if (display[0] && strcmp(name, "KILL") != 0)
            count_records(display, name);
        free(file);
        free(display);
        free(line);
        client_release(&result);
    }
}

/* The reader is slow, so the program waits in a write when the request comes: it must not lose what it was writing. The
 * sizes differ, so that sometimes nothing of the last write of a case has gone out yet. */
static void test_killed_while_the_pipe_is_full(void **state)
{
    (void)state;
    for (int repetitions = 24; repetitions < 29; repetitions++) {
        char path[64];
        make_path(path);
        char *line = mem_format("rm %s; mkfifo %s; %% --benchmark_format=json --benchmark_min_time=1x "
                                "--benchmark_repetitions=%d >%s & exec 3<%s; sleep 0.2; kill -TERM $!; sleep 0.05; "
                                "cat <&3; wait $!",
                                path, path, repetitions, path, path);
        struct client_result result = client_shell("busy", line);
        assert_true(count_records(result.out, "full pipe") > 10);
        assert_int_equal(result.status, 128 + SIGTERM);
        unlink(path);
        free(line);
        client_release(&result);
    }
}

static void test_full_disk(void **state)
{
    (void)state;
    char path[64];
    make_path(path);
    /* The limit stands for a full disk: a write comes to its end half-way through a record. */
    char *line =
        mem_format("trap '' XFSZ; ulimit -f 9; COUNT=50 exec %% --benchmark_min_time=1x --benchmark_out=%s", path);
    struct client_result result = client_shell("busy", line);
    char *file = take_file(path), *said = mem_format("%s: not all results could be written\n", path);
    assert_int_equal(result.status, 1);
    assert_non_null(strstr(result.err, said));
    assert_true(count_records(file, "full disk") > 1);
    free(said);
    free(file);
    free(line);
    client_release(&result);

    static const char *const formats[] = { "console", "json", "csv" };
    for (size_t i = 0; i < 3 && access("/dev/full", W_OK) == 0; i++) {
        line = mem_format("COUNT=9 exec %% --benchmark_min_time=1x --benchmark_format=%s >/dev/full", formats[i]);
        result = client_shell("busy", line);
        assert_int_equal(result.status, 1);
        assert_non_null(strstr(result.err, "stdout: not all results could be written\n"));
        client_release(&result);
        free(line);
        line = mem_format("COUNT=9 exec %% --benchmark_min_time=1x --benchmark_out_format=%s --benchmark_out=/dev/full",
                          formats[i]);
        result = client_shell("busy", line);
        assert_int_equal(result.status, 1);
        assert_non_null(strstr(result.err, "/dev/full: not all results could be written\n"));
        client_release(&result);
        free(line);
    }
}

/* Where stdout or stderr is closed, the file would get its descriptor, and what is printed with it. */
static void test_closed_descriptors(void **state)
{
    (void)state;
    static const struct {
        const char *redirection;
        int status;
    } cases[] = { { ">&-", 1 }, { "2>&-", 0 }, { "<&- >&- 2>&-", 1 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[64];
        make_path(path);
        char *line = mem_format("COUNT=5 exec %% --v=2 --benchmark_min_time=1x --benchmark_out=%s %s", path,
                                cases[i].redirection);
        struct client_result result = client_shell("busy", line);
        char *file = take_file(path);
        assert_int_equal(result.status, cases[i].status);
        assert_int_equal(count_records(file, cases[i].redirection), 5);
        free(file);
        free(line);
        client_release(&result);
    }
}

int main(int argc, char **argv)
{
    const struct client *client = client_find(clients, sizeof clients / sizeof clients[0]);
    if (client)
        return client->main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_repetitions_kept),
        cmocka_unit_test(test_exits),
        cmocka_unit_test(test_nested_run),
        cmocka_unit_test(test_other_handlers),
        cmocka_unit_test(test_killed_while_writing),
        cmocka_unit_test(test_killed_while_the_pipe_is_full),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_closed_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
