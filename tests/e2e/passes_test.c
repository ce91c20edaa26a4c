/* passes_test.c: counters, memory, spans and callgrind of `prony run`, with suites that answer as the environment asks.
 */
#include "harness/base/str.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

/* Cases a and b. In a pass of its own it is ten times slower, which must not show in its time. It counts what it is
 * asked for, but no cycles; "asked" gets a line a process. */
static const char good_suite[] =
    "#!/bin/sh\n"
    "filter=; for a; do case $a in\n"
    "  --benchmark_list_tests*) echo a; echo b; exit 0;;\n"
    "  --benchmark_filter=^*) filter=${a#*^}; filter=${filter%?};;\n"
    "esac; done\n"
    "echo \"$filter counters=$PRONY_COUNTERS memory=$PRONY_MEMORY spans=$PRONY_SPANS\" >>asked\n"
    "time=100; [ \"$PRONY_COUNTERS$PRONY_MEMORY$PRONY_SPANS\" ] && time=1000\n"
    "printf '{\"context\": {}, \"benchmarks\": [{\"name\": \"%s\", \"run_type\": \"iteration\", \"iterations\": 10,' $filter\n"
    "printf '\"real_time\": %d, \"cpu_time\": %d, \"time_unit\": \"ns\", \"tokens_per_second\": 50' $time $time\n"
    "if [ \"$PRONY_COUNTERS\" ]; then printf ', \"prony_counters\": {'; comma=\n"
    "  for c in $(echo $PRONY_COUNTERS | tr , ' '); do printf '%s\"%s\": ' \"$comma\" $c; comma=,\n"
    "    case $c in\n"
    "    cycles) printf '{\"state\": \"unsupported\", \"reason\": \"no PMU\", \"remedy\": \"other machine\"}';;\n"
    "    page_faults) printf '{\"state\": \"scaled\", \"value\": 4, \"running_share\": 0.5, \"reason\": \"took turns\"}';;\n"
    "    *) printf '{\"state\": \"ok\", \"value\": 500, \"running_share\": 1, \"threads\": [300, 200]}';;\n"
    "    esac; done; printf '}'; fi\n"
    "[ \"$PRONY_MEMORY\" ] && printf ', \"own_bytes\": 1, \"prony_counters\": {\"estimated_cycles\": {\"state\": \"ok\", \"value\": 1}}, \"prony_peak_rss_bytes\": 4096, \"prony_courses\": {\"live_bytes\":"
    " {\"operations\": [0, 10], \"values\": [5, 6]}}'\n"
    "[ \"$PRONY_SPANS\" ] && printf ', \"prony_spans\": {\"operations\": [{\"operation\": \"attention\", \"layer\": 1,"
    " \"calls\": 1, \"time_ns\": 600}, {\"operation\": \"ffn\", \"calls\": 2, \"time_ns\": 300, \"bytes\": 9}]}'\n"
    "echo '}]}'\n";

/* Knows nothing of passes, as any program of Google Benchmark; and would refuse a flag of ours. */
static const char foreign_suite[] =
    "#!/bin/sh\n"
    "filter=; for a; do case $a in\n"
    "  --prony_*) echo 'unrecognized flag' >&2; exit 1;;\n"
    "  --benchmark_list_tests*) echo f; echo g; exit 0;;\n"
    "  --benchmark_filter=^*) filter=${a#*^}; filter=${filter%?};;\n"
    "esac; done\n"
    "printf '{\"benchmarks\": [{\"name\": \"%s\", \"iterations\": 10, \"real_time\": 7, \"cpu_time\": 7}]}' $filter\n";

static void write_suites(const struct world *world)
{
    world_write(world, "good", good_suite);
    world_write(world, "foreign", foreign_suite);
}

static void test_counters(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(world, "my.group",
                "# mine\nmetrics = cycles, instructions, page_faults, task_clock\n[formulas]\n"
                "ipc [instructions/cycle] = instructions / cycles\n"
                "faults_per_token [faults] = page_faults / tokens_per_second\n"
                "rate [1/ns] = instructions / time_ns\nlost [x] = instructions / nothing_of_that_name\n"
                "bad [x] = instructions / (iterations - iterations)\n");
    world_write(world, "p.plan", "rounds = 2\ncounters = my.group ,\n[suite good]\n");
    world_expect(world, "run p.plan -q", 0);
    /* Times are those of the timed rounds alone. */
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'timed' AND real_time_ns = 100"), 4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'counters' AND real_time_ns = 1000"),
                     4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'instructions' AND "
                                        "state = 'ok' AND value = 500 AND running_share = 1"),
                     4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_thread_value WHERE value IN (300, 200)"), 16);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'cycles' AND value IS NULL "
                                        "AND state = 'unsupported' AND reason = 'no PMU' AND remedy = 'other machine'"),
                     4);
    /* The author's own numbers are not taken again in a pass. */
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'tokens_per_second'"), 4);
    /* Formulas: as good as their worst operand, absent with the name of what is missing. */
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'ipc' AND value IS NULL AND "
                                        "state = 'unsupported' AND reason = 'needs cycles: no PMU' AND "
                                        "remedy = 'other machine'"),
                     4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'faults_per_token' AND "
                                        "state = 'scaled' AND abs(value - 0.08) < 1e-9 AND running_share = 0.5"),
                     4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'rate' AND state = 'ok' AND "
                                        "value = 0.5 AND unit = '1/ns'"),
                     4);
    assert_int_equal(world_query(world,
                                 "SELECT count(*) FROM sample_values WHERE metric = 'lost' AND value IS NULL AND "
                                 "reason LIKE 'needs nothing_of_that_name%'"),
                     4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'bad' AND value IS NULL"),
                     4);
}

/* More events than a CPU counts at once: several processes, one sample, formulas over all of them. */
static void test_sets(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(
        world, "wide.group",
        "# wide\nmetrics = instructions, branches, branch_misses, l1d_loads, llc_misses, dtlb_walks, page_faults\n"
        "[formulas]\nacross [x] = instructions / dtlb_walks + l1d_loads - branches\n"
        "worst [x] = llc_misses + page_faults\n");
    world_write(world, "p.plan", "rounds = 1\ncounters = wide.group\n[suite good]\n");
    setenv("LIBPFM_FORCE_PMU", "amd64_fam19h_zen4", 1); /* so that there is a PMU to run out of */
    world_expect(world, "run p.plan -q", 0);
    unsetenv("LIBPFM_FORCE_PMU");
    int64_t processes = world_query(world, "SELECT count(*) FROM samples WHERE pass = 'timed'") / 2;
    assert_int_equal(processes, 1);
    assert_int_equal(world_query(world, "SELECT value LIKE '%|%(2 processes a round)' FROM run_fact WHERE "
                                        "name = 'good.passes'"),
                     1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'counters' AND status = 'ok' AND "
                                        "real_time_ns = 1000"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE state = 'ok' AND value = 500 AND "
                                        "metric IN ('instructions', 'branches', 'branch_misses', 'l1d_loads', "
                                        "'llc_misses', 'dtlb_walks')"),
                     12);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'across' AND state = 'ok' "
                                        "AND value = 1"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'worst' AND "
                                        "state = 'scaled' AND value = 504"),
                     2);
    /* One set's process fails: its counts say so, those of the other stay. */
    world_write(world, "half",
                "#!/bin/sh\n"
                "case \"$PRONY_COUNTERS\" in *dtlb_walks*) kill -SEGV $$;; esac\n"
                "exec ./good \"$@\"\n");
    world_write(world, "q.plan", "rounds = 1\ncounters = wide.group\n[suite half]\n");
    setenv("LIBPFM_FORCE_PMU", "amd64_fam19h_zen4", 1);
    world_expect(world, "run q.plan -q", 0);
    unsetenv("LIBPFM_FORCE_PMU");
    assert_int_equal(world_query(world,
                                 "SELECT count(*) FROM sample_values WHERE run = 2 AND metric = 'dtlb_walks' AND "
                                 "state = 'not counted' AND reason LIKE 'its process failed%'"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE run = 2 AND metric = 'across' AND "
                                        "value IS NULL AND reason LIKE 'needs %: its process failed%'"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE run = 2 AND metric = 'worst' AND "
                                        "state = 'scaled' AND value = 504"),
                     2);
}

/* What is exported for suites by hand does not reach the timed rounds. */
static void test_exported(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(world, "p.plan", "rounds = 1\n[suite good]\n");
    setenv("PRONY_COUNTERS", "task_clock", 1);
    setenv("PRONY_MEMORY", "1", 1);
    struct child_result result;
    assert_int_equal(world_prony(world, "run p.plan --spans -q", &result), 0);
    unsetenv("PRONY_COUNTERS");
    unsetenv("PRONY_MEMORY");
    assert_non_null(strstr(str_text(&result.errors), "PRONY_COUNTERS=task_clock is left out"));
    child_release(&result);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'timed' AND real_time_ns = 100"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric IN ('task_clock', "
                                        "'peak_rss_bytes')"),
                     0);
}

static void test_once(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(world, "p.plan", "rounds = 3\nmemory = yes\n[suite good]\nspans = yes\n");
    struct child_result result;
    assert_int_equal(world_prony(world, "run p.plan --dry-run", &result), 0);
    assert_non_null(strstr(str_text(&result.output), "then good, 2 cases: memory, spans\n10 processes\n"));
    child_release(&result);
    assert_int_equal(world_prony(world, "run p.plan", &result), 0);
    assert_non_null(strstr(str_text(&result.errors), "memory 1/1: "));
    assert_non_null(strstr(str_text(&result.errors), "spans 1/1: "));
    child_release(&result);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'memory'"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'peak_rss_bytes' AND "
                                        "value = 4096"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric IN ('own_bytes', "
                                        "'estimated_cycles')"),
                     0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_course WHERE count = 2"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'spans'"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_span"), 4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM run_fact WHERE name = 'good.passes' AND value = 'memory, "
                                        "spans'"),
                     1);
    /* Sections of one name are one suite: the fact names the passes of all. */
    world_write(world, "r.plan", "rounds = 1\n[suite good]\nfilter = a\nmemory = yes\n[suite good]\nspans = yes\n");
    /* A plan's suite can say no to what its head asks for; the command line adds to it. */
    world_write(world, "q.plan",
                "rounds = 1\nmemory = yes\ncounters = task_clock\n[suite good]\nmemory = no\n"
                "counters = none\n");
    world_expect(world, "run q.plan -q", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE run = 2 AND pass <> 'timed'"), 0);
    world_expect(world, "run q.plan -q --spans --counters=page_faults", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE run = 3 AND pass IN ('spans', 'counters')"),
                     4);
    world_expect(world, "run r.plan -q", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM run_fact WHERE run_id = 4 AND name = 'good.passes' AND "
                                        "value LIKE 'memory; spans'"),
                     1);
}

/* One line a pass, metrics that say why, no failure. */
static void test_foreign(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(world, "p.plan", "rounds = 2\n[suite foreign]\n");
    struct child_result result;
    if (world_prony(world, "run p.plan --strict --counters=cycles,instructions --memory --spans", &result) != 0)
        fail_msg("%s", str_text(&result.errors));
    const char *said = str_text(&result.errors);
    static const char *const lines[] = { "foreign: no counters: ", "foreign: no memory: ", "foreign: no spans: " };
    for (size_t i = 0; i < 3; i++) {
        const char *first = strstr(said, lines[i]);
        assert_non_null(first);
        assert_null(strstr(first + 1, lines[i]));
    }
    child_release(&result);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failure"), 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric IN ('cycles', 'instructions', "
                                        "'peak_rss_bytes', 'spans') AND state = 'unsupported' AND reason <> ''"),
                     8);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'timed' AND real_time_ns = 7"), 4);
}

/* A suite that breaks in its passes: the times stay, every break is said. */
static void test_broken(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(world, "broken",
                "#!/bin/sh\n"
                "case \"$*\" in *list_tests*) exec ./good \"$@\";; esac\n"
                "name=b; case \"$*\" in *^a*) name=a;; esac\n"
                "[ \"$PRONY_COUNTERS$name\" = cycles,page_faultsa ] && kill -SEGV $$\n"
                "if [ \"$PRONY_SPANS\" ]; then ./good \"$@\" | sed 's/time_ns/time/g'; exit; fi\n"
                "[ \"$PRONY_MEMORY\" ] || exec ./good \"$@\"\n"
                "echo \"{\\\"benchmarks\\\": [{\\\"name\\\": \\\"$name\\\", \\\"error_occurred\\\": true,\"\n"
                "echo \"\\\"error_message\\\": \\\"no memory left\\\"}]}\"\n");
    world_write(world, "p.plan", "rounds = 1\n[suite broken]\n");
    world_expect(world, "run p.plan -q --counters=cycles,page_faults --spans --memory", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'timed' AND status = 'ok'"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failures WHERE reason LIKE 'a: while its counters were "
                                        "measured: killed by signal 11%'"),
                     1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failures WHERE reason LIKE '%while its spans were "
                                        "measured: _: prony_spans: operations[0]: time_ns%'"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE name = 'a' AND metric = 'cycles' AND "
                                        "state = 'not counted' AND reason LIKE 'its process failed: killed%'"),
                     1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM sample_values WHERE metric = 'peak_rss_bytes' AND reason "
                                        "LIKE '%no memory left'"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE status = 'complete'"), 1);
}

/* What hangs or crashes in a pass is not tried again and again there, but in the next pass it is. */
static void test_left_alone(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(world, "crashing",
                "#!/bin/sh\n"
                "[ \"$PRONY_COUNTERS$PRONY_SPANS\" ] && case \"$*\" in *^a*) kill -SEGV $$;; esac\n"
                "exec ./good \"$@\"\n");
    world_write(world, "p.plan", "rounds = 4\n[suite crashing]\n");
    world_expect(world, "run p.plan -q --counters=task_clock --spans --memory", 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failures WHERE reason LIKE '%its counters%'"), 2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failures WHERE reason LIKE '%its spans%'"), 1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'counters' AND name = 'b'"), 4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'memory'"), 2);
}

static void test_refusals(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(world, "p.plan", "\n[suite good]\ncounters = no_such_thing_at_all\n");
    world_write(world, "q.plan", "[suite good]\nmemory = perhaps\n");
    world_write(world, "bad.group", "metrics = \n[nonsense]\n");
    world_expect_error(world, "run p.plan", "p.plan:2: counters: ");
    world_expect_error(world, "run p.plan --counters=no_such_thing_at_all", "--counters: ");
    world_expect_error(world, "run q.plan", "q.plan:2: memory = perhaps: expected yes or no");
    world_expect_error(world, "run p.plan --counters=bad.group", "bad.group");
    world_expect_error(world, "run p.plan --counters=", "--counters: expected groups");
    world_expect_error(world, "run p.plan --counters=,", "--counters: expected groups");
    world_expect(world, "run p.plan --counters=none --dry-run", 0); /* instead of the plan's, which means nothing */
}

/* valgrind is not there: every case has its reason and its remedy. A shell script cannot be counted either, so this
 * needs no valgrind. */
static void test_callgrind_refused(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(world, "p.plan", "rounds = 1\ncounters = callgrind , task_clock\n[suite good]\n");
    struct child_result result;
    assert_int_equal(world_prony(world, "run p.plan -q", &result), 0);
    /* Said once, and valgrind starts the program once: what it does not mark in one case it marks in none. */
    const char *said = strstr(str_text(&result.errors), "good: no callgrind: the program does not mark");
    if (access("/usr/bin/valgrind", X_OK) == 0)
        assert_non_null(said);
    assert_null(said ? strstr(said + 1, "good: no callgrind") : NULL);
    child_release(&result);
    assert_int_equal(world_query(world,
                                 "SELECT count(*) FROM sample_values WHERE metric = 'callgrind_instructions' AND "
                                 "state = 'unsupported' AND length(reason) > 10"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'callgrind' AND status = 'skipped'"),
                     2);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'timed' AND status = 'ok'"), 2);
}

/* Ctrl-C in a pass keeps the times and what the passes gave until then. */
static void test_interrupt(void **state)
{
    struct world *world = *state;
    write_suites(world);
    world_write(world, "slow",
                "#!/bin/sh\n"
                "case \"$PRONY_COUNTERS $*\" in task_clock*^b*) kill -INT $PPID; sleep 100;; esac\n"
                "exec ./good \"$@\"\n");
    world_write(world, "p.plan", "rounds = 2\n[suite slow]\n");
    struct child_result result;
    assert_int_equal(world_prony(world, "run p.plan -q --counters=task_clock --memory", &result), 2);
    child_release(&result);
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE status = 'interrupted'"), 1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'timed'"), 4);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'counters'"), 1);
    assert_int_equal(world_query(world, "SELECT count(*) FROM samples WHERE pass = 'memory'"), 0);
    assert_int_equal(world_query(world, "SELECT count(*) FROM failure"), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_make, world_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sets),      TEST(test_exported),
        TEST(test_counters),  TEST(test_once),
        TEST(test_foreign),   TEST(test_broken),
        TEST(test_refusals),  TEST(test_left_alone),
        TEST(test_interrupt), TEST(test_callgrind_refused),
    };
    return cmocka_run_group_tests_name("passes", tests, NULL, NULL);
}
