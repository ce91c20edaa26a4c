/* child_test.c: processes that behave and processes that do not. */
#include "harness/run/child.h"
#include "harness/base/clock.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct child_result run_shell(const char *script, struct child_request request)
{
    const char *const arguments[] = { "/bin/sh", "-c", script, NULL };
    struct child_result result;
    struct error error;
    request.arguments = arguments;
    if (!request.output_limit_bytes)
        request.output_limit_bytes = 1 << 20;
    if (!request.interrupt_fd)
        request.interrupt_fd = -1;
    request.grace_s = 0.2;
    if (child_run(&request, &result, &error) != 0)
        fail_msg("%s", error.text);
    return result;
}

static void assert_described(const struct child_result *result, const struct child_request *request,
                             const char *expected)
{
    char text[128];
    assert_string_equal(child_describe(result, request, text, sizeof text), expected);
}

static void test_ends(void **state)
{
    (void)state;
    struct child_request request = { 0 };
    struct child_result result = run_shell("echo out; echo err >&2; exit 3", request);
    assert_int_equal(result.end, CHILD_EXITED);
    assert_int_equal(result.status, 3);
    assert_string_equal(str_text(&result.output), "out\n");
    assert_string_equal(str_text(&result.errors), "err\n");
    assert_described(&result, &request, "exited with status 3");
    child_release(&result);

    result = run_shell("printf half; kill -SEGV $$", request);
    assert_int_equal(result.end, CHILD_KILLED);
    assert_string_equal(str_text(&result.output), "half");
    assert_described(&result, &request, "killed by signal 11 (Segmentation fault)");
    child_release(&result);

    /* stdin is empty, not the terminal's. */
    result = run_shell("cat; echo end", request);
    assert_string_equal(str_text(&result.output), "end\n");
    child_release(&result);
}

static void test_environment_and_cpus(void **state)
{
    (void)state;
    setenv("PRONY_TEST_A", "old", 1);
    setenv("PRONY_TEST_B", "kept", 1);
    const char *const environment[] = { "PRONY_TEST_A=new", NULL };
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_SET(cpu, &one);
    struct child_request request = { .environment = environment, .cpus = &one };
    struct child_result result = run_shell("echo $PRONY_TEST_A $PRONY_TEST_B; nproc", request);
    assert_string_equal(str_text(&result.output), "new kept\n1\n");
    child_release(&result);
}

static void test_timeout(void **state)
{
    (void)state;
    struct child_request request = { .timeout_s = 0.1 };
    int64_t start = clock_wall_ns();
    struct child_result result = run_shell("echo begun; sleep 60", request);
    assert_int_equal(result.end, CHILD_TIMED_OUT);
    assert_string_equal(str_text(&result.output), "begun\n");
    assert_described(&result, &request, "timed out after 0.1 s");
    child_release(&result);
    /* One that does not listen to SIGTERM. */
    result = run_shell("trap '' TERM; while :; do sleep 60; done", request);
    assert_int_equal(result.end, CHILD_TIMED_OUT);
    child_release(&result);
    assert_true(clock_wall_ns() - start < 5000000000);
}

static bool is_alive(long pid)
{
    /* A zombie still answers kill(pid, 0); what we care about is whether it runs. */
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    if (!fgets(line, sizeof line, file))
        line[0] = 0;
    fclose(file);
    const char *end = strrchr(line, ')');
    return end && end[1] && end[2] != 'Z' && end[2] != 'X';
}

static void assert_dies(long pid)
{
    for (int i = 0; i < 200; i++) {
        if (!is_alive(pid))
            return;
        usleep(10000);
    }
    fail_msg("process %ld still runs", pid);
}

static void test_nothing_is_left_behind(void **state)
{
    (void)state;
    /* The grandchild keeps the pipe open and outlives its parent: neither may hold us up, and it must go. */
    struct child_request request = { .timeout_s = 30 };
    int64_t start = clock_wall_ns();
    struct child_result result = run_shell("sleep 60 & echo $!", request);
    assert_int_equal(result.end, CHILD_EXITED);
    assert_true(clock_wall_ns() - start < 5000000000);
    assert_dies(strtol(str_text(&result.output), NULL, 10));
    child_release(&result);
    /* No zombies of ours. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_too_loud(void **state)
{
    (void)state;
    struct child_request request = { .output_limit_bytes = 3 << 20, .timeout_s = 30 };
    struct child_result result = run_shell("yes", request);
    assert_int_equal(result.end, CHILD_TOO_LOUD);
    assert_true(result.output.length <= 3 << 20);
    assert_described(&result, &request, "wrote more than 3 MiB to stdout");
    child_release(&result);
    /* Of stderr, however much, the end is kept. */
    result = run_shell("i=0; while [ $i -lt 3000 ]; do echo line $i >&2; i=$((i+1)); done", request);
    assert_int_equal(result.end, CHILD_EXITED);
    assert_in_range(result.errors.length, 1000, 20000);
    assert_non_null(strstr(str_text(&result.errors), "line 2999\n"));
    child_release(&result);
    /* A flood that never ends does not suspend the time limit, also if SIGTERM does not stop it. */
    request = (struct child_request){ .timeout_s = 0.3 };
    result = run_shell("trap '' TERM; cat /dev/zero >&2 & cat /dev/zero >&2", request);
    assert_int_equal(result.end, CHILD_TIMED_OUT);
    assert_true(result.wall_s < 5);
    child_release(&result);
}

static void count_tick(void *context)
{
    int *ticks = context;
    if (++ticks[0] == 1 && write(ticks[1], "x", 1) != 1)
        ticks[0] = -1000;
}

static void test_interrupt(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int ticks[2] = { 0, ends[1] };
    struct child_request request = { .interrupt_fd = ends[0], .tick = count_tick, .tick_context = ticks };
    struct child_result result = run_shell("sleep 60", request);
    assert_int_equal(result.end, CHILD_INTERRUPTED);
    assert_true(ticks[0] >= 1);
    child_release(&result);
    close(ends[0]);
    close(ends[1]);
}

static void test_cannot_start(void **state)
{
    (void)state;
    const char *const arguments[] = { "/nonexistent/program", NULL };
    struct child_request request = { .arguments = arguments, .output_limit_bytes = 1, .interrupt_fd = -1 };
    struct child_result result;
    struct error error;
    assert_int_not_equal(child_run(&request, &result, &error), 0);
    assert_string_equal(error.text, "cannot start /nonexistent/program: No such file or directory");
    child_release(&result);
}

/* When the program that started it is killed outright, the child goes too. */
static void test_dies_with_parent(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        char script[64];
        snprintf(script, sizeof script, "echo $$ >&%d; exec sleep 60", ends[1]);
        struct child_request request = { 0 };
        run_shell(script, request);
        _exit(0);
    }
    char text[32] = "";
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    long child = strtol(text, NULL, 10);
    assert_true(is_alive(child));
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    assert_dies(child);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),         cmocka_unit_test(test_environment_and_cpus),
        cmocka_unit_test(test_timeout),      cmocka_unit_test(test_nothing_is_left_behind),
        cmocka_unit_test(test_too_loud),     cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_cannot_start), cmocka_unit_test(test_dies_with_parent),
    };
    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
