/* doctor_test.c: the real `prony doctor`, and what `prony run` does with it. */
#include "tests/support/doctor_fixture.h"
#include "tests/support/tree.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/child.h"
#include "harness/store/store_internal.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define GOVERNOR "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"

/* A made-up machine to look at, whose root is also the working directory. */
struct world {
    struct doctor_fixture fixture;
    char *prony;
};

static int make_world(void **state)
{
    struct world *world = mem_alloc(sizeof *world);
    const char *bin = getenv("PRONY_BIN");
    char *relative = mem_format("%s/prony", bin && *bin ? bin : "build/bin");
    world->prony = realpath(relative, NULL);
    if (!world->prony)
        fail_msg("%s is not there; make build first", relative);
    free(relative);
    doctor_fixture_make(&world->fixture);
    *state = world;
    return 0;
}

static int remove_world(void **state)
{
    struct world *world = *state;
    doctor_fixture_release(&world->fixture);
    free(world->prony);
    free(world);
    return 0;
}

/* A shell line in the world's directory, in which $prony is the program. The result is released by the caller. */
static int shell(const struct world *world, const char *line, struct child_result *result)
{
    char *script = mem_format("cd '%s' || exit 99\nprony='%s'\nexport PRONY_DB=t.db\nunset PRONY_NO_DOCTOR\n%s",
                              world->fixture.root, world->prony, line);
    const char *const arguments[] = { "/bin/sh", "-c", script, NULL };
    struct child_request request = {
        .arguments = arguments, .timeout_s = 60, .output_limit_bytes = 1 << 20, .interrupt_fd = -1
    };
    assert_int_equal(child_run(&request, result, NULL), 0);
    free(script);
    if (result->end != CHILD_EXITED)
        fail_msg("%s: did not exit by itself: %s", line, str_text(&result->errors));
    return result->status;
}

/* With the expected status, and a text that is in one of the outputs. */
static void expect(const struct world *world, const char *line, int status, const char *text)
{
    struct child_result result;
    int got = shell(world, line, &result);
    if (got != status || (!strstr(str_text(&result.output), text) && !strstr(str_text(&result.errors), text)))
        fail_msg("%s: status %d instead of %d, or no '%s' in\n%s\n%s", line, got, status, text,
                 str_text(&result.output), str_text(&result.errors));
    child_release(&result);
}

static void expect_file(const struct world *world, const char *path, const char *text)
{
    char *now = tree_get(world->fixture.root, path);
    if (!str_equal(now, text))
        fail_msg("%s is '%s', expected '%s'", path, now ? now : "absent", text ? text : "absent");
    free(now);
}

static int64_t query(const struct world *world, const char *sql)
{
    char *path = mem_format("%s/t.db", world->fixture.root);
    struct store *store;
    struct error error;
    int64_t value = -1;
    if (store_open(&store, path, true, &error) != 0 || store_query_int(store, sql, &value, &error) != 0)
        fail_msg("%s", error.text);
    store_close(store);
    free(path);
    return value;
}

/* ---- verdicts ---- */

static void test_this_machine(void **state)
{
    struct world *world = *state;
    struct child_result result;
    assert_int_equal(shell(world, "$prony doctor --json --seconds 0.1", &result), 0);
    json_t *json = json_loads(str_text(&result.output), 0, NULL);
    assert_non_null(json);
    size_t count = json_array_size(json_object_get(json, "checks")), sum = 0;
    const char *verdict;
    json_t *number;
    json_object_foreach(json_object_get(json, "counts"), verdict, number) sum += (size_t)json_integer_value(number);
    assert_true(count > 20);
    assert_int_equal(sum, count);
    assert_true(json_number_value(json_object_get(json, "precision_percent")) > 0);
    json_decref(json);
    child_release(&result);
    expect(world, "$prony doctor --quick", 0, "How good numbers of this machine are cannot be said");
    expect(world, "$prony doctor --fingerprint", 0, "cpu_flags_hash");
}

static void test_strict(void **state)
{
    struct world *world = *state;
    expect(world, "$prony doctor --quick --root .", 0, "performance on 2 of 2 CPUs");
    tree_put(world->fixture.root, GOVERNOR, "powersave\n");
    expect(world, "$prony doctor --quick --root .", 0, "FAIL     governor");
    expect(world, "$prony doctor --quick --root . --strict", 2, "FAIL     governor");
    tree_put(world->fixture.root, GOVERNOR, "schedutil\n");
    expect(world, "$prony doctor --quick --root . --strict -t 1 | grep governor", 0, "warn     governor");
}

static void test_usage(void **state)
{
    struct world *world = *state;
    expect(world, "$prony doctor --fix --restore", 2, "one at a time");
    expect(world, "$prony doctor --fix --json", 2, "--json is for");
    expect(world, "$prony doctor now", 2, "unexpected 'now'");
    expect(world, "$prony doctor --quick --root /nonexistent", 2, "--root /nonexistent: No such file");
    expect(world, "$prony doctor --seconds 0", 2, "duration above zero");
    expect(world, "$prony doctor --model not-there.gguf", 2, "not-there.gguf");
    expect(world, "$prony doctor --help", 0, "--restore");
}

/* ---- changes ---- */

static void test_fix_and_restore(void **state)
{
    struct world *world = *state;
    tree_put(world->fixture.root, GOVERNOR, "powersave\n");
    expect(world, "$prony doctor --fix --root $PWD --state s.json", 0, GOVERNOR ": powersave -> performance");
    expect_file(world, GOVERNOR, "performance\n");
    expect(world, "$prony doctor --fix --root $PWD --state s.json", 0, "nothing to mend");
    expect(world, "$prony doctor --restore --root $PWD --state s.json", 0, GOVERNOR ": performance -> powersave");
    expect_file(world, GOVERNOR, "powersave\n");
    expect(world, "$prony doctor --restore --root $PWD --state s.json", 0, "nothing to put back");
    expect(world, "echo rubbish > s.json; $prony doctor --restore --root $PWD --state s.json", 2, "s.json");
}

/* Root lacks nothing; the user who typed sudo, and was told to, does. */
static void test_fix_behind_sudo(void **state)
{
    struct world *world = *state;
    tree_put(world->fixture.root, "/proc/sys/kernel/perf_event_paranoid", "2\n");
    expect(world, "SUDO_UID=1000 $prony doctor --fix --root $PWD --state s.json", 0,
           "/proc/sys/kernel/perf_event_paranoid: 2 -> 1");
    expect_file(world, "/proc/sys/kernel/perf_event_paranoid", "1\n");
}

static void test_fix_around_a_command(void **state)
{
    struct world *world = *state;
    const char *fix = "$prony doctor --fix --root $PWD --state s.json --";
    tree_put(world->fixture.root, GOVERNOR, "powersave\n");
    char *lines[4] = { mem_format("%s cat .%s", fix, GOVERNOR), mem_format("%s sh -c 'exit 7'", fix),
                       mem_format("%s sh -c 'kill -9 $$'", fix), mem_format("%s ./no-such-program", fix) };
    static const int statuses[4] = { 0, 7, 128 + 9, 2 };
    for (size_t i = 0; i < 4; i++) {
        expect(world, lines[i], statuses[i], i == 0 ? "performance\n" : GOVERNOR ": performance -> powersave");
        expect_file(world, GOVERNOR, "powersave\n");
        expect_file(world, "/s.json", NULL);
        free(lines[i]);
    }
}

/* A second one would find all good, and lose it in the middle of its command. */
static void test_two_fixes(void **state)
{
    struct world *world = *state;
    tree_put(world->fixture.root, GOVERNOR, "powersave\n");
    expect(world,
           "$prony doctor --fix --root $PWD --state s.json -- sh -c '\"$0\" doctor --fix --root $PWD --state s.json; "
           "echo second: $?; \"$0\" doctor --restore --root $PWD --state s.json; echo third: $?; cat .\"$1\"' "
           "$prony " GOVERNOR,
           0, "another prony doctor changes settings just now");
    expect(
        world,
        "$prony doctor --fix --root $PWD --state s.json -- sh -c '\"$0\" doctor --restore --root $PWD --state s.json; "
        "echo $?; cat .\"$1\"' $prony " GOVERNOR,
        0, "2\nperformance\n");
    expect_file(world, GOVERNOR, "powersave\n");
}

/* A signal to prony alone ends the command, and everything is put back. */
static void test_fix_and_a_signal(void **state)
{
    struct world *world = *state;
    tree_put(world->fixture.root, GOVERNOR, "powersave\n");
    expect(world,
           "$prony doctor --fix --root $PWD --state s.json -- sh -c 'echo started > started; exec sleep 50' & prony=$!;"
           " until [ -s started ]; do sleep 0.02; done; kill -TERM $prony; wait $prony",
           128 + 15, "performance -> powersave");
    expect_file(world, GOVERNOR, "powersave\n");
    /* Where not even that is possible, the file remembers. */
    expect(
        world,
        "rm started; sh -c 'exec \"$0\" doctor --fix --root $PWD --state s.json -- sh -c \"echo x > started; exec sleep 1\"'"
        " $prony 2>errors & pid=$!; until [ -s started ]; do sleep 0.02; done; kill -KILL $pid; wait $pid; "
        "grep -c powersave s.json",
        0, "1");
    expect_file(world, GOVERNOR, "performance\n");
    expect(world, "$prony doctor --restore --root $PWD --state s.json", 0, "performance -> powersave");
    expect_file(world, GOVERNOR, "powersave\n");
}

/* ---- prony run ---- */

static void put_suite(const struct world *world)
{
    char *path = mem_format("%s/good", world->fixture.root);
    tree_put(world->fixture.root, "/good",
             "#!/bin/sh\n"
             "case $1 in --benchmark_list_tests*) echo c:1; exit 0;; esac\n"
             "echo '{\"context\": {}, \"benchmarks\": [{\"name\": \"c:1\", \"run_type\": \"iteration\", "
             "\"iterations\": 10, \"real_time\": 1, \"cpu_time\": 1, \"time_unit\": \"us\"}]}'\n");
    tree_put(world->fixture.root, "/p.plan", "rounds = 1\n[suite good]\nprogram = good\n");
    assert_int_equal(chmod(path, 0755), 0);
    free(path);
}

static void test_run(void **state)
{
    struct world *world = *state;
    put_suite(world);
    struct child_result result;
    assert_int_equal(shell(world, "$prony run p.plan -q", &result), 0);
    child_release(&result);
    assert_true(query(world, "SELECT count(*) FROM checks WHERE run = 1") > 20);
    assert_int_equal(query(world, "SELECT count(*) FROM checks WHERE run = 1 AND name IN('detour', 'self_test') AND "
                                  "verdict = 'unknown'"),
                     0); /* they were watched */
    assert_int_equal(query(world, "SELECT count(*) FROM run_fact WHERE run_id = 1 AND name = "
                                  "'machine_precision_percent'"),
                     1);
    assert_int_equal(query(world, "SELECT count(*) FROM run_fact WHERE run_id = 1 AND name = 'stream_triad_gbs'"), 1);
    expect(world, "$prony run p.plan -q --no-doctor", 0, "run 2");
    expect(world, "PRONY_NO_DOCTOR=1 $prony run p.plan -q", 0, "run 3");
    assert_int_equal(query(world, "SELECT count(*) FROM checks WHERE run > 1"), 0);
}

/* One line for each that is bad, but not more than five. */
static void test_run_warns(void **state)
{
    struct world *world = *state;
    put_suite(world);
    struct child_result result;
    assert_int_equal(shell(world, "ulimit -n 100; PATH=/bin $prony run p.plan", &result), 0);
    int lines = 0;
    for (const char *p = str_text(&result.errors); (p = strstr(p, "prony: ")) != NULL; p++)
        lines += str_starts(p, "prony: warning: fail: ") || str_starts(p, "prony: warning: warn: ") ||
                 str_starts(p, "prony: warning: and ");
    int64_t bad = query(world, "SELECT count(*) FROM checks WHERE run = 1 AND verdict IN('fail', 'warn')");
    assert_true(bad >= 1);
    if (lines < 1 || lines > 5 || (bad <= 5 && lines != bad))
        fail_msg("%lld are bad, %d lines in\n%s", (long long)bad, lines, str_text(&result.errors));
    child_release(&result);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_this_machine),    TEST(test_strict),           TEST(test_usage),
        TEST(test_fix_and_restore), TEST(test_fix_behind_sudo),  TEST(test_fix_around_a_command),
        TEST(test_two_fixes),       TEST(test_fix_and_a_signal), TEST(test_run),
        TEST(test_run_warns),
    };
    return cmocka_run_group_tests_name("doctor_e2e", tests, NULL, NULL);
}
