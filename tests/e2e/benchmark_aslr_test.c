/* benchmark_aslr_test.c: the second start without address space randomization: that it happens once, changes nothing
 * else, and never loops where the flag does not survive. */
#include "harness/benchmark/benchmark.h"
#include "tests/support/benchmark_client.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- the clients ---- */

/* What a start looks like: one line for each, so that two lines are two starts. */
static int show(int argc, char **argv)
{
    char line[256];
    fprintf(stderr, "start pid %d\n", (int)getpid());
    if (getenv("DELETE"))
        unlink(argv[0]);
    if (getenv("CLEAR_FLAG"))
        personality(0); /* as a security module would between the two starts */
    benchmark_maybe_reenter_without_aslr(argc, argv);
    int persona = personality(0xffffffff);
    printf("random %d guard %d argc %d\n", persona == -1 ? -1 : !(persona & ADDR_NO_RANDOMIZE),
           getenv("PRONY_ASLR_REENTERED") != NULL, argc);
    for (int i = 1; i < argc; i++)
        printf("argv %s\n", argv[i]);
    while (fgets(line, sizeof line, stdin))
        printf("stdin %s", line);
    return 7;
}

/* System call number fails with EPERM from now on. */
static int forbid(unsigned number)
{
    struct sock_filter code[] = { { BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
                                  { BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number },
                                  { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM },
                                  { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
    struct sock_fprog program = { sizeof code / sizeof code[0], code };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int show_without_exec(int argc, char **argv)
{
    return forbid(SYS_execve) ? 99 : show(argc, argv);
}

static int show_without_personality(int argc, char **argv)
{
    return forbid(SYS_personality) ? 99 : show(argc, argv);
}

static int show_without_argv(int argc, char **argv)
{
    benchmark_maybe_reenter_without_aslr(0, NULL);
    benchmark_maybe_reenter_without_aslr(argc, NULL);
    benchmark_maybe_reenter_without_aslr(0, &argv[argc]);
    puts("alive");
    return 0;
}

static void BM_nothing(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9);
}

static int benchmarks(int argc, char **argv)
{
    benchmark_use_manual_time(benchmark_register("BM_nothing", BM_nothing, NULL));
    return benchmark_main(argc, argv);
}

static const struct client clients[] = { { "show", show },
                                         { "show_without_exec", show_without_exec },
                                         { "show_without_personality", show_without_personality },
                                         { "show_without_argv", show_without_argv },
                                         { "benchmarks", benchmarks } };

/* ---- the tests ---- */

static bool can_change(void)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(personality(ADDR_NO_RANDOMIZE) == -1);
    waitpid(child, &status, 0);
    return status == 0 && !(personality(0xffffffff) & ADDR_NO_RANDOMIZE);
}

static void need_the_flag(void)
{
    if (!can_change()) {
        print_message("skipped: this system does not let a program turn the randomization off (or it is off)\n");
        skip();
    }
}

static int count(const char *text, const char *word)
{
    int found = 0;
    for (; (text = strstr(text, word)) != NULL; text++)
        found++;
    return found;
}

/* Runs the line with the randomization not kept. */
static void expect(const char *client, const char *line, int starts, const char *out)
{
    char *all = mem_format("unset PRONY_KEEP_ASLR; %s", line);
    struct client_result result = client_shell(client, all);
    if (result.status != 7 || count(result.err, "start pid") != starts || strcmp(result.out, out) != 0)
        fail_msg("%s, %s: status %d, signal %d, stdout '%s', stderr '%s'", client, line, result.status, result.signal,
                 result.out, result.err);
    client_release(&result);
    free(all);
}

#define PLAIN "random 0 guard 0 argc 1\n"

static void test_second_start(void **state)
{
    (void)state;
    need_the_flag();
    expect("show", "printf 'a\\nb' | % --x 'y z' ''", 2,
           "random 0 guard 0 argc 4\nargv --x\nargv y z\nargv \nstdin a\nstdin b");
    /* Found by PATH, from another directory. */
    expect("show", "d=$(mktemp -d); ln -s % $d/found; cd /; PATH=$PATH:$d; found; s=$?; rm -r $d; exit $s", 2, PLAIN);
    /* Whose guard it is, the process id says. */
    expect("show", "PRONY_ASLR_REENTERED=0000000001 %", 2, PLAIN);
}

static void test_same_process(void **state)
{
    (void)state;
    need_the_flag();
    struct client_result result = client_shell("show", "unset PRONY_KEEP_ASLR; exec %");
    const char *first = strstr(result.err, "start pid "), *second = strstr(first + 1, "start pid ");
    assert_non_null(second);
    assert_int_equal(strtol(first + 10, NULL, 10), strtol(second + 10, NULL, 10));
    client_release(&result);
}

static void test_deleted_program(void **state)
{
    (void)state;
    need_the_flag();
    expect("show", "d=$(mktemp -d); cp % $d/copy; DELETE=1 $d/copy; s=$?; rm -r $d; exit $s", 2, PLAIN);
}

/* Where the flag does not survive, or must not be set, the program goes on. */
static void test_goes_on(void **state)
{
    (void)state;
    need_the_flag();
    expect("show", "PRONY_KEEP_ASLR=1 %", 1, "random 1 guard 0 argc 1\n");
    expect("show", "PRONY_KEEP_ASLR=0 %", 2, PLAIN);
    expect("show", "CLEAR_FLAG=1 %", 2, "random 1 guard 0 argc 1\n");
    expect("show_without_exec", "%", 1, "random 1 guard 0 argc 1\n");
    expect("show_without_personality", "%", 1, "random -1 guard 0 argc 1\n");
    expect("show", "setarch -R %", 1, PLAIN);
    if (access("/lib64/ld-linux-x86-64.so.2", X_OK) == 0)
        expect("show", "/lib64/ld-linux-x86-64.so.2 % --x", 1, "random 1 guard 0 argc 2\nargv --x\n");
}

static void test_without_argv(void **state)
{
    (void)state;
    struct client_result result = client_shell("show_without_argv", "unset PRONY_KEEP_ASLR; %");
    assert_string_equal(result.out, "alive\n");
    assert_int_equal(result.status, 0);
    client_release(&result);
}

static void test_benchmark_program(void **state)
{
    (void)state;
    need_the_flag();
    struct client_result result =
        client_shell("benchmarks", "unset PRONY_KEEP_ASLR; BENCHMARK_REPETITIONS=many % --benchmark_format=json "
                                   "--benchmark_min_time=3x");
    assert_int_equal(result.status, 0);
    assert_non_null(strstr(result.out, "\"aslr_enabled\": false,\n"));
    assert_int_equal(count(result.out, "\"name\": \"BM_nothing/manual_time\""), 1);
    assert_int_equal(count(result.err, "is expected to be a 32-bit integer"), 1);
    assert_null(strstr(result.err, "ASLR"));
    client_release(&result);

    result = client_shell("benchmarks", "% --benchmark_min_time=3x");
    assert_non_null(strstr(result.err, "***WARNING*** ASLR is enabled"));
    client_release(&result);
}

int main(int argc, char **argv)
{
    const struct client *client = client_find(clients, sizeof clients / sizeof clients[0]);
    if (client)
        return client->main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_start),    cmocka_unit_test(test_same_process),
        cmocka_unit_test(test_deleted_program), cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_without_argv),    cmocka_unit_test(test_benchmark_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
