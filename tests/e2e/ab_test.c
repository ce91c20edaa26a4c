/* ab_test.c: `prony ab` with two suite programs whose times are made up, so every verdict is certain. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/child.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* A suite with the cases a, b, c. Its times are 1000 ns with a scatter of 1 % that depends on the size of the
 * environment and on SALT, which differs between the sides: so pairs differ, and each run of a seed is the same. What a
 * test wants otherwise is put in place of EXTRA; it may set $t and $digest, or exit. */
static const char suite_text[] =
    "#!/bin/sh\n"
    "c= n=\n"
    "for a; do case $a in\n"
    "  --benchmark_list_tests*) [ \"$LIST\" ] || LIST='a b c'; for i in $LIST; do echo $i; done; exit 0;;\n"
    "  --benchmark_filter=*) c=${a#*=^}; c=${c%?};;\n"
    "  --benchmark_min_time=*x) n=${a#*=}; n=${n%x};;\n"
    "esac; done\n"
    "t=1000 digest=same SALT=@SALT@\n"
    "echo \"${0##*/} $c ${#PRONY_PADDING} ${n:-pilot}\" >>log\n"
    "@EXTRA@\n"
    "t=$((t * (10000 + (${#PRONY_PADDING} * 31 + SALT) % 97) / 10))\n"
    "printf '{\"benchmarks\": [{\"name\": \"%s\", \"run_type\": \"iteration\", \"iterations\": %s, \"real_time\": %d.%03d, ' \\\n"
    "  $c ${n:-50} $((t / 1000)) $((t % 1000))\n"
    "printf '\"cpu_time\": %d, \"time_unit\": \"ns\", \"prony_output_digest\": \"%s\"}]}' $((t / 1000)) $digest\n";

static void replace(struct str *out, const char *text, const char *word, const char *with)
{
    const char *found = strstr(text, word);
    assert_non_null(found);
    str_append_bytes(out, text, (size_t)(found - text));
    str_append(out, with);
    str_append(out, found + strlen(word));
}

static char *make_suite(const char *salt, const char *extra)
{
    struct str half = { 0 }, whole = { 0 };
    replace(&half, suite_text, "@SALT@", salt);
    replace(&whole, str_text(&half), "@EXTRA@", extra);
    str_release(&half);
    return str_take(&whole);
}

static void write_suite(const struct world *world, const char *name, const char *salt, const char *extra)
{
    char *text = make_suite(salt, extra);
    world_write(world, name, text);
    free(text);
}

/* Runs prony ab with the words, expects the status, and text on stdout or stderr. */
static void expect(const struct world *world, const char *words, int status, const char *said)
{
    struct child_result result;
    char *command = mem_format("ab %s", words);
    int got = world_prony(world, command, &result);
    if (got != status || (said && !strstr(str_text(&result.output), said) && !strstr(str_text(&result.errors), said)))
        fail_msg("prony %s: status %d instead of %d, or it did not say '%s':\n%s\n%s", command, got, status,
                 said ? said : "", str_text(&result.output), str_text(&result.errors));
    child_release(&result);
    free(command);
}

static void test_slower(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "");
    write_suite(world, "new", "17", "[ $c = b ] && t=2000");
    expect(world, "./old ./new --seed 1", 1, "regressed");
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE kind = 'ab' AND base_run_id = 1 AND "
                                        "candidate_run_id = 2 AND identical_binaries = 0"),
                     1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE status = 'complete' AND plan = 'old'"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison_outcome WHERE verdict = 'regressed'"), 1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison_outcome WHERE verdict = 'equivalent'"), 2);
    /* Both sides did what the pilot of the base said. */
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample WHERE iterations != 50"), 0);
    /* Every round has both sides, and a process holds one sample. */
    assert_int_equal(world_query(world, "SELECT count(*) FROM (SELECT 1 FROM sample GROUP BY case_id, round HAVING "
                                        "count(DISTINCT run_id) != 2 OR count(*) != 2)"),
                     0);
    assert_int_equal(world_query(world, "SELECT count(*) - count(DISTINCT run_id * 100000 + process) FROM sample"), 0);
    expect(world, "./new ./old --seed 1 --blocks 4", 0, "improved");
}

/* What a look calls is measured again; what fresh pairs do not confirm is no regression, today and when the stored runs
 * are compared again. */
static void test_confirmation(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "");
    /* Slower in the pilot and in the ten pairs that the look sees. */
    write_suite(world, "new", "17", "[ $c = b ] && [ $(grep -c '^new b' log) -le 11 ] && t=1100");
    expect(world, "./old ./new --seed 1 --blocks 5 --fixed", 0, "not confirmed: +0.");
    /* All of them, because b had made the suite look slower, too. */
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples"), 3 * 2 * 20);
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison_outcome WHERE verdict = 'regressed'"), 0);
    struct child_result result;
    assert_int_equal(world_prony(world, "compare 1 2", &result), 0); /* fresh pairs lie within the floor: not slower */
    assert_non_null(strstr(str_text(&result.output), "not confirmed: +0."));
    child_release(&result);
    /* With looks to come it stays open, and what was measured again is data like all other: in the end it is equal. */
    world_write(world, "log", "");
    expect(world, "./old ./new --seed 1 --filter b", 0, "measuring 1 case again");
    world_write(world, "log", "");
    expect(world, "./old ./new --seed 1", 0, NULL); /* nor is the suite slower, of which each case is not */
    write_suite(world, "new", "17", "[ $c = b ] && t=1100");
    expect(world, "./old ./new --seed 1", 1, " fresh pairs");
    assert_int_equal(world_prony(world, "compare 7 8 --format json", &result), 1);
    assert_non_null(strstr(str_text(&result.output), "\"state\": \"confirmed\""));
    child_release(&result);
}

/* Case b takes twice as long, all of it in its operation "ffn", and tells its spans behind its digest, as c does. No
 * blanks: the shell would cut it there. */
static const char traced_text[] =
    "[ $c = b ] && t=$((t * @SLOW@))\n"
    "[ \"$PRONY_SPANS\" ] && [ $c != a ] && digest='same\",\"prony_spans\":{\"operations\":["
    "{\"operation\":\"ffn\",\"calls\":1,\"time_ns\":'$((t - 300))'},"
    "{\"operation\":\"norm\",\"calls\":1,\"time_ns\":200}]},\"label\":\"traced'\n";

/* Traced processes come in pairs where a time changed. */
static void test_spans(void **state)
{
    struct world *world = *state;
    struct str even = { 0 }, slow = { 0 };
    replace(&even, traced_text, "@SLOW@", "1");
    replace(&slow, traced_text, "@SLOW@", "2");
    write_suite(world, "old", "0", str_text(&even));
    write_suite(world, "new", "17", str_text(&slow));
    expect(world, "./old ./new --seed 1 --spans", 1, "It comes from: ffn +1.00 µs");
    static const char of_case[] =
        "SELECT count(*) FROM sample s JOIN suite_case c ON c.id = s.case_id WHERE s.pass = 4 AND "
        "s.status = 0 AND c.name = ";
    char *of_b = mem_format("%s'b'", of_case), *of_c = mem_format("%s'c'", of_case);
    assert_int_equal(world_query(world, of_b), 16); /* eight pairs */
    assert_int_equal(world_query(world, of_c), 2);  /* nothing to explain */
    assert_int_equal(world_query(world, "SELECT count(*) FROM (SELECT 1 FROM sample s JOIN suite_case c ON c.id = "
                                        "s.case_id WHERE c.name = 'b' AND s.pass = 4 GROUP BY s.round "
                                        "HAVING count(DISTINCT s.run_id) = 2 AND count(*) = 2)"),
                     8);
    free(of_b);
    free(of_c);
    str_release(&even);
    str_release(&slow);
}

/* Counters come last, from a pass of their own: also a case that an early look decided shows what they say. */
static void test_counters(void **state)
{
    struct world *world = *state;
    static const char counted_text[] =
        "k=700 t=1000\n[ $c = b ] && t=@TIME@ k=@COUNT@\n"
        "[ \"$PRONY_COUNTERS\" ] && digest='same\",\"prony_counters\":{\"task_clock\":{\"value\":'$((k * 1000 + $$ % 97))',\"state\":"
        "\"ok\"}},\"label\":\"'";
    struct str even = { 0 }, slow = { 0 }, even_text = { 0 }, slow_text = { 0 };
    replace(&even, counted_text, "@TIME@", "1000");
    replace(&even_text, str_text(&even), "@COUNT@", "700");
    replace(&slow, counted_text, "@TIME@", "2000");
    replace(&slow_text, str_text(&slow), "@COUNT@", "1400");
    write_suite(world, "old", "0", str_text(&even_text));
    write_suite(world, "new", "17", str_text(&slow_text));
    expect(world, "./old ./new --seed 1 --counters task_clock", 1, "task_clock +100 %");
    str_release(&even_text);
    str_release(&slow_text);
    str_release(&even);
    str_release(&slow);
}

/* Four processes of one case stand together, ABBA or BAAB; a pair has one size of environment. */
static void test_order(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "");
    write_suite(world, "new", "17", "");
    expect(world, "./old ./new --seed 7 --blocks 6 --fixed -q", 0, NULL);
    char *path = mem_format("%s/log", world->directory), *text, *line, *rest;
    size_t size, count = 0, abba = 0, baab = 0, first_of[3] = { 0 };
    char sides[4], cases[4];
    int paddings[4];
    assert_int_equal(file_read(path, &text, &size, NULL), 0);
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char side[8], name[8], iterations[16];
        int padding;
        assert_int_equal(sscanf(line, "%7s %7s %d %15s", side, name, &padding, iterations), 4);
        if (padding == 0 && count == 0)
            continue; /* a pilot */
        sides[count % 4] = side[0];
        cases[count % 4] = name[0];
        paddings[count % 4] = padding;
        if (++count % 4)
            continue;
        assert_true(cases[0] == cases[1] && cases[1] == cases[2] && cases[2] == cases[3]);
        assert_true(paddings[0] == paddings[1] && paddings[2] == paddings[3] && paddings[0] != paddings[2]);
        assert_true(sides[0] == sides[3] && sides[1] == sides[2] && sides[0] != sides[1]);
        abba += sides[0] == 'o';
        baab += sides[0] == 'n';
        first_of[cases[0] - 'a'] += count % 12 == 4;
    }
    assert_int_equal(count, 6 * 3 * 4);
    assert_true(abba > 3 && baab > 3);
    assert_true(first_of[0] < 6 && first_of[1] < 6 && first_of[2] < 6); /* cases change places */
    free(text);
    free(path);
}

static void test_identical(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "");
    write_suite(world, "new", "0", "");
    expect(world, "./old ./old", 0, "identical");
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE kind = 'aa' AND identical_binaries = 1"),
                     1);
    /* One look at five blocks is enough. */
    assert_int_equal(world_query(world, "SELECT max(round) FROM sample"), 9);
    /* Two scripts may start two programs. */
    expect(world, "./old ./new --dry-run", 0, "not claimed: it is a script");
    write_suite(world, "new", "17", "");
    expect(world, "./old ./new --seed 3", 0, "equivalent");
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE kind = 'ab'"), 1);
}

static void test_wrong_output(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "");
    write_suite(world, "new", "17", "[ $c = a ] && digest=other && t=500");
    expect(world, "./old ./new --seed 1 --blocks 4", 1, "wrong output");
}

/* What one side does wrong costs its own case only. */
static void test_failures(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "");
    write_suite(world, "new", "17", "case $c in a) echo ouch >&2; kill -SEGV $$;; b) sleep 100;; esac");
    expect(world, "./old ./new --seed 1 --blocks 4 --timeout 300ms", 1, "warning: ./new: old: a: killed by signal 11");
    assert_int_equal(world_query(world, "SELECT count(*) FROM failures WHERE run = 2 AND reason LIKE 'a: killed%'"), 1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failures WHERE run = 2 AND reason LIKE 'b: timed out%'"),
                     1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison_outcome WHERE verdict = 'failed'"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison_outcome WHERE verdict = 'equivalent'"), 1);
    /* Later in the run, not in the pilot. */
    write_suite(world, "new", "17", "[ $c = a ] && [ ${#PRONY_PADDING} -gt 2000 ] && exit 3");
    expect(world, "./old ./new --seed 1 --blocks 4", 1, "exited with status 3");
    /* Failing on the base only is nobody's regression. */
    expect(world, "./new ./old --seed 1 --blocks 4", 0, NULL);
}

static void test_new_and_missing(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "");
    write_suite(world, "new", "17", "");
    char *text = make_suite("17", ""), *copy = mem_format("#!/bin/sh\nLIST='a b d'\n%s", text + strlen("#!/bin/sh\n"));
    world_write(world, "new", copy);
    free(copy);
    free(text);
    expect(world, "./old ./new --seed 1 --blocks 4", 1, "missing");
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE name = 'c'"), 1); /* once, on the base */
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE name = 'd'"), 1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison_outcome WHERE verdict = 'new'"), 1);
    expect(world, "./old ./new --seed 1 --blocks 4 --filter '^[ab]$'", 0, NULL);
    expect(world, "./old ./new --seed 1 --blocks 4 --filter '^c$'", 1, "missing");
    expect(world, "./old ./new --seed 1 --blocks 4 --filter '^nothing$'", 2, NULL);
}

/* A Google Benchmark of before 1.8 takes seconds only, and says so. */
static void test_old_library(void **state)
{
    struct world *world = *state;
    static const char refuse[] =
        "[ \"$n\" ] && { echo 'Value for \"--benchmark_min_time\" is expected to be a double' >&2; exit 1; }";
    write_suite(world, "old", "0", refuse);
    write_suite(world, "new", "17", refuse);
    expect(world, "./old ./new --seed 1 --blocks 4", 0, "takes no number of iterations");
    assert_int_equal(world_query(world, "SELECT count(*) FROM failure"), 0);
}

/* Some libraries give the sum over the threads and take the number of one. */
static void test_threads(void **state)
{
    struct world *world = *state;
    static const char sum[] = "n=$((${n:-50} * 4))";
    write_suite(world, "old", "0", sum);
    write_suite(world, "new", "17", sum);
    expect(world, "./old ./new --seed 1 --blocks 4", 0, NULL);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample WHERE iterations != 200"), 0);
}

static void test_budget(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "sleep 0.01");
    write_suite(world, "new", "17", "sleep 0.01");
    expect(world, "./old ./new --seed 1 --budget 100ms", 3, "the budget is spent");
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE status = 'complete'"), 2);
    /* What nobody came to is said, and no reason to pass. One block is always taken. */
    expect(world, "./old ./new --seed 1 --budget 0.000001s --format markdown", 3, "2 of 3 cases were not reached");
    write_suite(world, "new", "17", "sleep 0.4");
    write_suite(world, "old", "0", "sleep 0.4");
    expect(world, "./old ./new --seed 1 --budget 200ms --format markdown", 3,
           "2 of 3 cases were not reached before the budget was spent: old");
    struct child_result result;
    assert_int_equal(world_prony(world, "gate --ab", &result), 3);
    assert_non_null(strstr(str_text(&result.output), "2 of 3 cases were not reached before the budget was spent: old"));
    child_release(&result);
}

static void test_interrupt(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "");
    write_suite(world, "new", "17", "[ $(wc -l <log) -gt 40 ] && touch blocked && sleep 100");
    char *script = mem_format("cd '%s' && PRONY_NO_DOCTOR=1 exec '%s' ab ./old ./new --db t.db >out 2>err",
                              world->directory, world->prony);
    char *blocked = mem_format("%s/blocked", world->directory);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 3000 && !file_exists(blocked); i++)
        usleep(10000);
    assert_true(file_exists(blocked));
    kill(pid, SIGINT);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE status = 'interrupted' AND samples > 10"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison_outcome"), 3); /* what is there is judged */
    free(blocked);
    free(script);
}

static void test_usage(void **state)
{
    struct world *world = *state;
    write_suite(world, "old", "0", "");
    world_write(world, "text", "no program");
    world_expect_error(world, "ab ./old", "expected two sides");
    world_expect_error(world, "ab ./old ./none", "./none: No such file");
    world_expect_error(world, "ab ./old none", "none: ");
    world_expect_error(world, "ab ./old .", "./old is a program, so . must be one, too");
    world_expect_error(world, "ab ./old ./old --plan quick", "a plan or a conf has no meaning");
    world_expect_error(world, "ab ./old ./old --seed x", "not a whole number");
    world_expect_error(world, "ab ./old ./old --format pdf", "pdf");
    world_expect_error(world, "ab ./text ./text -q", "nothing to measure: ./text: text: "); /* and leaves no run */
    /* What cannot end well does not begin. */
    write_suite(world, "new", "17", "");
    assert_int_equal(access(world->database, F_OK), -1);
    world_expect_error(world, "ab ./old ./new -o none/report.md", "none/report.md: cannot be written: No such file");
    world_expect_error(world, "ab ./old ./new -o .", ".: is a directory");
    world_expect_error(world, "ab ./old ./new --filter '^nothing'", "no suite of either side has such a case");
    assert_int_equal(access(world->database, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_slower, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_confirmation, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_spans, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_counters, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_order, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_identical, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_wrong_output, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_failures, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_new_and_missing, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_old_library, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_threads, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_budget, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_interrupt, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_usage, world_make, world_remove),
    };
    return world_is_left_out(false) ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
