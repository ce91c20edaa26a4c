/* callgrind_test.c: callgrind's file, good and damaged; and what is said of a valgrind, played by a shell script, that
 * is missing, dies, hangs, writes nonsense or runs a program that is not ours. */
#include "harness/base/mem.h"
#include "harness/run/callgrind.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- the file ---- */

static int parse(const char *text, struct callgrind_totals *totals, struct error *error)
{
    return callgrind_dump_parse(text, strlen(text), totals, error);
}

static void test_dump(void **state)
{
    struct callgrind_totals totals;
    struct error error;
    (void)state;
    assert_int_equal(parse("# callgrind format\nversion: 1\nevents: Ir Bc Other Bcm\nsummary: 0\n"
                           "fn=(1) totals: 5\n12 7\n\ntotals: 1200 34 5 6\n",
                           &totals, &error),
                     0);
    assert_int_equal(totals.values[CALLGRIND_IR], 1200);
    assert_int_equal(totals.values[CALLGRIND_BC], 34);
    assert_int_equal(totals.values[CALLGRIND_BCM], 6);
    assert_true(totals.has[CALLGRIND_BCM]);
    assert_false(totals.has[CALLGRIND_DR]);
    /* Of several parts the last one has what was counted in the end. */
    assert_int_equal(parse("events: Ir Bc\ntotals: 1 2\nevents: Bc Ir\ntotals: 4 3\n", &totals, &error), 0);
    assert_int_equal(totals.values[CALLGRIND_IR], 3);
}

/* Zeros at the end of a line of costs are left out. */
static void test_short_totals(void **state)
{
    struct callgrind_totals totals;
    (void)state;
    assert_int_equal(parse("events: Ir Dr Dw\ntotals: 3 1\n", &totals, NULL), 0);
    assert_int_equal(totals.values[CALLGRIND_DW], 0);
    assert_true(totals.has[CALLGRIND_DW]);
}

static void test_damaged(void **state)
{
    static const char *const texts[] = { "",
                                         "events: Ir\n",
                                         "totals: 3\n",
                                         "events: Ir\ntotals: 3",
                                         "events: Ir\ntotals: 3 4\n",
                                         "events: Ir\ntotals: -3\n",
                                         "events: Ir\ntotals: 3x\n",
                                         "events: Ir\ntotals: 99999999999999999999\n",
                                         "events: Dr\ntotals: 3\n",
                                         "events:\ntotals:\n" };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct callgrind_totals totals;
        struct error error;
        if (parse(texts[i], &totals, &error) != ERROR_FORMAT)
            fail_msg("taken for good: %s", texts[i]);
    }
}

/* ---- valgrind, played by a script ---- */

struct stage {
    char directory[64];
    char *path; /* of before */
    struct arena arena;
    struct callgrind_result result;
};

static void set_up(struct stage *stage, const char *script)
{
    *stage = (struct stage){ .directory = "/tmp/prony-callgrind-test-XXXXXX" };
    assert_non_null(mkdtemp(stage->directory));
    stage->path = mem_strdup(getenv("PATH"));
    char *file = mem_format("%s/valgrind", stage->directory);
    if (script) {
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        /* $dump is where callgrind writes to. */
        fprintf(out, "#!/bin/sh\nfor i; do case $i in --callgrind-out-file=*) dump=${i#*=};; esac; done\n%s\n", script);
        fclose(out);
        assert_int_equal(chmod(file, 0755), 0);
    }
    char *path = script ? mem_format("%s:/usr/bin:/bin", stage->directory) : mem_strdup(stage->directory);
    setenv("PATH", path, 1);
    free(path);
    free(file);
}

static void tear_down(struct stage *stage)
{
    char *file = mem_format("%s/valgrind", stage->directory);
    unlink(file);
    free(file);
    assert_int_equal(rmdir(stage->directory), 0);
    setenv("PATH", stage->path, 1);
    free(stage->path);
    arena_release(&stage->arena);
}

static void measure(struct stage *stage, double timeout_s, double native_ns)
{
    const char *const arguments[] = { "program", NULL };
    struct callgrind_request request = { .arguments = arguments,
                                         .name = "case/1",
                                         .timeout_s = timeout_s,
                                         .native_iteration_ns = native_ns,
                                         .interrupt_fd = -1 };
    struct error error;
    if (callgrind_measure(&request, &stage->arena, &stage->result, &error))
        fail_msg("%s", error.text);
}

static void expect_reason(const char *script, double timeout_s, double native_ns, const char *reason,
                          const char *remedy)
{
    struct stage stage;
    set_up(&stage, script);
    measure(&stage, timeout_s, native_ns);
    assert_false(stage.result.counted);
    if (!stage.result.reason || !strstr(stage.result.reason, reason))
        fail_msg("'%s' instead of '%s'", stage.result.reason, reason);
    if (remedy)
        assert_non_null(strstr(stage.result.remedy, remedy));
    tear_down(&stage);
}

#define RECORD(more)                                                                                     \
    "printf '%s' '{\"context\": {\"prony_kernels\": \"avx2\"}, \"benchmarks\": [{\"name\": \"case/1\", " \
    "\"iterations\": 2, \"real_time\": 5, \"cpu_time\": 5, \"time_unit\": \"ns\"" more "}]}'\n"
#define COUNTED RECORD(", \"prony_callgrind_iterations\": 2")

static double metric(const struct stage *stage, const char *name)
{
    for (size_t i = 0; i < stage->result.metric_count; i++)
        if (strcmp(stage->result.metrics[i].name, name) == 0)
            return stage->result.metrics[i].value;
    fail_msg("no %s", name);
    return 0;
}

static void test_metrics(void **state)
{
    struct stage stage;
    (void)state;
    set_up(&stage, COUNTED "printf 'events: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw Bc Bcm Bi Bim\\n"
                           "totals: 2000 6 4 10 20 30 2 4 6 100 8 20 2\\n' >$dump");
    measure(&stage, 0, 0);
    if (!stage.result.counted)
        fail_msg("%s", stage.result.reason);
    assert_string_equal(stage.result.variant, "avx2");
    assert_true(metric(&stage, "callgrind_instructions") == 1000);
    assert_true(metric(&stage, "callgrind_branches") == 60);
    assert_true(metric(&stage, "callgrind_branch_misses") == 5);
    assert_true(metric(&stage, "callgrind_reads") == 3);
    assert_true(metric(&stage, "callgrind_writes") == 2);
    assert_true(metric(&stage, "callgrind_l1i_misses") == 5);
    assert_true(metric(&stage, "callgrind_l1d_misses") == 25);
    assert_true(metric(&stage, "callgrind_ll_misses") == 6);
    assert_true(metric(&stage, "callgrind_cycles_estimate") == (2000 + 10 * 10 + 10 * 60 + 100 * 12) / 2.0);
    assert_int_equal(stage.result.metrics[0].state, STORE_OK);
    assert_non_null(strstr(stage.result.metrics[0].reason, "avx2"));
    assert_int_equal(stage.result.metrics[stage.result.metric_count - 1].state, STORE_APPROXIMATE);
    tear_down(&stage);
}

/* Nothing of the caller's but what is needed, and the same number of bytes whatever the names are. */
static void test_environment(void **state)
{
    struct stage stage;
    (void)state;
    setenv("NOT_FOR_CHILDREN", "1", 1);
    setenv("PRONY_FOR_CHILDREN", "1", 1);
    set_up(&stage, "test -z \"$NOT_FOR_CHILDREN\" -a \"$PRONY_FOR_CHILDREN$PRONY_CALLGRIND\" = 11 || exit 9\n"
                   "test $(($(env -u PWD -u OLDPWD -u SHLVL -u _ | wc -c) / 1000)) -ge 3 || exit 8\n" COUNTED
                   "printf 'events: Ir\\ntotals: 2\\n' >$dump");
    measure(&stage, 0, 0);
    if (!stage.result.counted)
        fail_msg("%s", stage.result.reason);
    tear_down(&stage);
    unsetenv("NOT_FOR_CHILDREN");
    unsetenv("PRONY_FOR_CHILDREN");
}

/* What of the arguments and the environment lies on the program's stack, in pages of 4096 bytes: always as much beyond
 * the last whole page, or counts of cache misses would depend on the length of a path. */
static double stack_rest(void)
{
    struct stage stage;
    set_up(&stage, COUNTED "bytes=$(wc -c </proc/$$/environ) count=$(tr -cd '\\000' </proc/$$/environ | wc -c)\n"
                           "printf 'events: Ir\\ntotals: %d\\n' $((2 + 2 * ((bytes + 8 * count) % 4096))) >$dump");
    measure(&stage, 0, 0);
    if (!stage.result.counted)
        fail_msg("%s", stage.result.reason);
    double rest = metric(&stage, "callgrind_instructions") - 1;
    tear_down(&stage);
    return rest;
}

static void test_stack_begins_alike(void **state)
{
    (void)state;
    double rest = stack_rest();
    setenv("PRONY_ONE_MORE", "with a text of its own", 1);
    assert_true(stack_rest() == rest);
    setenv("PRONY_AND_ONE", "0123456789012345678901234567890123456789", 1);
    assert_true(stack_rest() == rest);
    unsetenv("PRONY_ONE_MORE");
    unsetenv("PRONY_AND_ONE");
}

static void test_fixed_addresses(void **state)
{
    struct stage stage;
    (void)state;
    unsigned long before = (unsigned long)personality(0xffffffff);
    if (personality(before | ADDR_NO_RANDOMIZE) < 0) /* containers forbid it */
        skip();
    personality(before);
    set_up(&stage,
           "case $(cat /proc/$$/personality) in *4[0-9a-f][0-9a-f][0-9a-f][0-9a-f]) ;; *) exit 9;; esac\n" COUNTED
           "printf 'events: Ir\\ntotals: 2\\n' >$dump");
    measure(&stage, 0, 0);
    if (!stage.result.counted)
        fail_msg("%s", stage.result.reason);
    tear_down(&stage);
}

static void test_missing(void **state)
{
    (void)state;
    expect_reason(NULL, 0, 0, "valgrind is not installed", "apt-get install valgrind");
}

/* Beforehand: the script would be content. */
static void test_too_slow(void **state)
{
    (void)state;
    expect_reason(COUNTED, 120, 24e9, "would take", "smaller shape");
}

static void test_time_limit(void **state)
{
    (void)state;
    expect_reason("exec sleep 60", 0.2, 0, "not done after 0.2 s", "timeout");
}

static void test_deaths(void **state)
{
    (void)state;
    expect_reason("kill -ILL $$", 0, 0, "cannot execute an instruction", "--kernels=avx2");
    expect_reason("echo '==5== valgrind: Unrecognised instruction at address 0x1.' >&2; exit 132", 0, 0,
                  "cannot execute an instruction", NULL);
    expect_reason("kill -SEGV $$", 0, 0, "killed by signal 11", NULL);
    expect_reason("echo 'model.gguf: not found' >&2; echo '==5== rubbish' >&2; exit 2", 0, 0,
                  "exited with status 2: model.gguf: not found", NULL);
}

static void test_strange_output(void **state)
{
    (void)state;
    expect_reason("echo hello", 0, 0, "output is not JSON", NULL);
    expect_reason("echo '{\"benchmarks\": []}'", 0, 0, "no such case", NULL);
    expect_reason(RECORD(""), 0, 0, "does not mark its timed loop", "libbenchmark");
    expect_reason(RECORD(", \"skipped\": true, \"skip_message\": \"the process has 3 threads\""), 0, 0,
                  "the process has 3 threads", NULL);
    expect_reason(COUNTED, 0, 0, "dump", NULL);
    expect_reason(COUNTED "echo 'events: Ir' >$dump", 0, 0, "was cut", NULL);
    expect_reason(COUNTED "printf 'events: Ir\\ntotals: 0\\n' >$dump", 0, 0, "counted nothing", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_dump),
                                        cmocka_unit_test(test_short_totals),
                                        cmocka_unit_test(test_damaged),
                                        cmocka_unit_test(test_metrics),
                                        cmocka_unit_test(test_environment),
                                        cmocka_unit_test(test_stack_begins_alike),
                                        cmocka_unit_test(test_fixed_addresses),
                                        cmocka_unit_test(test_missing),
                                        cmocka_unit_test(test_too_slow),
                                        cmocka_unit_test(test_time_limit),
                                        cmocka_unit_test(test_deaths),
                                        cmocka_unit_test(test_strange_output) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
