/* `prony gate`: exit statuses, and what it says, against a baseline, a history, a stored comparison and targets. */
#include "harness/store/store_internal.h"
#include "tests/support/world.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { CASES = 3 };

/* What a made-up run measured. */
struct night {
    const char *machine, *commit, *plan, *kernel;
    double slower[CASES]; /* factor; 0 = as always, below 0 = the case is missing */
    int rounds;           /* 0 = 8 */
    bool broken;          /* nothing was measured */
};

/* Noise of half a percent that is the same in every run of the tests. */
static double noise(int run, int item, int round)
{
    unsigned x = (unsigned)(run * 7919 + item * 104729 + round * 1299709 + 12345);
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    return 1 + 0.01 * ((double)(x % 1000) / 1000 - 0.5);
}

static void add_samples(struct store *store, int64_t run, const struct night *night)
{
    int rounds = night->rounds ? night->rounds : 8;
    for (int round = 0; round < rounds; round++)
        for (int item = 0; item < CASES; item++) {
            char name[16];
            snprintf(name, sizeof name, "op%d/x", item);
            if (night->slower[item] < 0)
                continue;
            double factor = night->slower[item] > 0 ? night->slower[item] : 1;
            double time = 1000 * (item + 1) * factor * noise((int)run, item, round);
            struct store_metric load = { .name = "load_ms", .unit = "", .value = time / 10 };
            struct store_sample sample = { .suite = "fake",
                                           .name = name,
                                           .round = round,
                                           .process = CASES * round + item,
                                           .iterations = 100,
                                           .real_time_ns = time,
                                           .cpu_time_ns = time,
                                           .metrics = &load,
                                           .metric_count = 1 };
            assert_int_equal(store_sample_add(store, run, &sample, 1, NULL), 0);
        }
}

static int64_t add_run(const struct world *world, struct night night)
{
    struct store *store;
    struct error error;
    int64_t run;
    /* With a kernel: facts of our own look at the machine, which is told by its hardware. */
    const struct store_fact machine[] = { { "cpu_name", night.machine ? night.machine : "one" },
                                          { "kernel", night.kernel },
                                          { "fingerprint_version", "3" } };
    const struct store_fact build[] = { { "git_commit", night.commit ? night.commit : "0123456789ab" },
                                        { "git_branch", "main" } };
    const struct store_run request = { .plan = night.plan ? night.plan : "nightly",
                                       .command = "prony run",
                                       .seed = 1,
                                       .fingerprint = night.kernel    ? night.kernel
                                                      : night.machine ? night.machine
                                                                      : "one",
                                       .machine = machine,
                                       .machine_count = night.kernel ? 3 : 1,
                                       .build = build,
                                       .build_count = 2 };
    if (store_open(&store, world->database, false, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(store_run_begin(store, &request, &run, &error), 0);
    if (!night.broken)
        add_samples(store, run, &night);
    assert_int_equal(store_run_end(store, run, night.broken ? "failed" : "complete", &error), 0);
    store_close(store);
    return run;
}

static void add_nights(const struct world *world, int count)
{
    for (int i = 0; i < count; i++)
        add_run(world, (struct night){ 0 });
}

/* Status and a text that stdout (or, from status 2 without a document, stderr) has. */
static void expect(const struct world *world, const char *words, int status, const char *text)
{
    struct child_result result;
    int got = world_prony(world, words, &result);
    const char *output = str_text(&result.output), *errors = str_text(&result.errors);
    if (got != status || (!strstr(output, text) && !strstr(errors, text)))
        fail_msg("prony %s: status %d instead of %d, or no '%s' in\n%s%s", words, got, status, text, output, errors);
    child_release(&result);
}

static void expect_not(const struct world *world, const char *words, const char *text)
{
    struct child_result result;
    world_prony(world, words, &result);
    if (strstr(str_text(&result.output), text) || strstr(str_text(&result.errors), text))
        fail_msg("prony %s: '%s' in\n%s%s", words, text, str_text(&result.output), str_text(&result.errors));
    child_release(&result);
}

/* ---- against a baseline ---- */

static void test_baseline(void **state)
{
    const struct world *world = *state;
    add_nights(world, 1);
    world_expect(world, "tag baseline 1", 0);
    world_expect_error(world, "gate", "baseline and latest are the same run (1)");
    add_nights(world, 1);
    expect(world, "gate", 0, "Pass");
    add_run(world, (struct night){ .slower = { 1.1 } });
    expect(world, "gate --no-charts", 1, "fake op0/x");
    expect(world, "gate 2", 0, "Pass");
    expect(world, "gate --against 2", 1, "Regressed");
    expect(world, "gate --filter op1", 0, "Pass");
    expect(world, "gate --filter nothing", 2, "nothing was judged");
    add_run(world, (struct night){ .slower = { -1 } });
    expect(world, "gate", 1, "missing on the candidate");
}

static void test_nothing_to_judge(void **state)
{
    const struct world *world = *state;
    world_expect_error(world, "gate", "there is no such database");
    assert_int_equal(access(world->database, F_OK), -1);
    struct store *store;
    assert_int_equal(store_open(&store, world->database, false, NULL), 0);
    store_close(store);
    world_expect_error(world, "gate", "");
    add_run(world, (struct night){ .broken = true });
    world_expect_error(world, "gate", "run 1 measured nothing (failed");
    add_nights(world, 1);
    world_expect_error(world, "gate --against baseline", "there is no run 'baseline'");
    world_expect_error(world, "gate --ab", "holds no A/B comparison");
    /* Nothing shared: not a pass. */
    add_run(world, (struct night){ .slower = { 1, -1, -1 }, .plan = "a" });
    add_run(world, (struct night){ .slower = { -1, 1, 1 }, .plan = "b" });
    expect(world, "gate --against latest~1", 2, "nothing was judged");
}

static void test_other_machine(void **state)
{
    const struct world *world = *state;
    add_nights(world, 1);
    add_run(world, (struct night){ .machine = "two" });
    expect(world, "gate --against 1", 2, "one -> two");
    world_write(world, "p", "other_machine = warn\nundecided = warn\n");
    expect(world, "gate --against 1 --policy p", 0, "different machines");
}

/* ---- against the history ---- */

static void test_first_nights(void **state)
{
    const struct world *world = *state;
    add_nights(world, 1);
    expect(world, "gate --history", 3, "the first of plan nightly on this machine and branch main");
    world_write(world, "p", "insufficient = warn\n");
    expect(world, "gate --history --policy p", 0, "nothing to compare with yet");
    add_nights(world, 2);
    expect(world, "gate", 3, "insufficient: 2 earlier runs on this level of this machine, 6 needed");
    expect(world, "gate --policy p", 0, "insufficient: 2 earlier runs");
    add_nights(world, 4);
    expect(world, "gate", 0, "Pass");
}

static void test_a_step_is_told_on_its_third_night(void **state)
{
    const struct world *world = *state;
    const struct night slow = { .commit = "badc0de00000", .slower = { 1.05 } };
    add_nights(world, 10);
    add_run(world, slow);
    expect(world, "gate", 3, "seen in 1 run: measure again");
    add_run(world, slow);
    expect(world, "gate", 3, "seen in 2 runs: measure again");
    add_run(world, slow);
    expect(world, "gate", 1, "between 0123456789 and badc0de000, seen in 3 runs");
    /* Whoever pins the new level has accepted it; so has an acknowledgement. */
    world_write(world, "ack",
                "[acknowledge]\ncase = op0\nup_to = 6 %\nreason = better output\nauthor = Ada\n"
                "until = 2999-12-31\n");
    expect(world, "gate --acknowledged ack", 0, "better output");
    world_expect(world, "tag baseline latest", 0);
    add_run(world, slow);
    expect(world, "gate --history", 0, "Pass");
    world_expect(world, "tag --delete baseline", 0);
    expect(world, "gate --history", 1, "seen in 4 runs");
    expect(world, "gate --history", 1, "took a step beyond the floor");
    expect_not(world, "gate --history", "too few samples");
    /* Up and down again is no change; old news is none. */
    add_nights(world, 3);
    expect(world, "gate", 0, "Pass");
}

static void test_one_bad_night_poisons_nothing(void **state)
{
    const struct world *world = *state;
    add_nights(world, 8);
    add_run(world, (struct night){ .slower = { 1.5, 1.5, 1.5 } }); /* somebody else used the machine */
    expect(world, "gate", 3, "Undecided");
    add_nights(world, 1);
    expect(world, "gate", 0, "Pass");
    /* Another machine, another plan: other histories. */
    add_run(world, (struct night){ .machine = "two", .slower = { 3, 3, 3 } });
    add_run(world, (struct night){ .plan = "quick", .slower = { 1, 1, 1 } });
    add_nights(world, 1);
    expect(world, "gate", 0, "Pass");
}

/* ---- policies and files ---- */

/* A kernel is updated, and times with it: the history goes on, and nobody's commit is called a regression. */
static void test_updated_kernel(void **state)
{
    const struct world *world = *state;
    for (int i = 0; i < 14; i++)
        add_run(world, (struct night){ .kernel = "Linux 6.1" });
    for (int i = 0; i < 6; i++)
        add_run(world, (struct night){ .kernel = "Linux 6.6", .slower = { 1.05 } });
    expect(world, "gate --history", 3, "with it kernel 6.1 -> 6.6: that or the commits");
    expect(world, "history op1/x", 0, "environment kernel 6.1 -> 6.6");
    expect(world, "history op1/x", 0, "20 runs");
    expect(world, "compare 1 20", 1, "kernel 6.1 -> 6.6");
    world_write(world, "ack",
                "[acknowledge]\ncase = op0\nup_to = 6 %\nreason = the new kernel\nauthor = Ada\nuntil = 2999-01-01\n");
    expect(world, "gate --history --acknowledged ack", 0, "the new kernel");
    for (int i = 0; i < 4; i++) /* and later a commit, on the same kernel */
        add_run(world, (struct night){ .kernel = "Linux 6.6", .slower = { 1.05 } });
    for (int i = 0; i < 4; i++)
        add_run(world, (struct night){ .kernel = "Linux 6.6", .slower = { 1.05, 1.05 } });
    expect(world, "gate --history", 1, "op1/x");
}

static void test_files(void **state)
{
    const struct world *world = *state;
    add_nights(world, 2);
    world_write(world, "bad.policy", "# why\nbudget = real_time lots\n");
    world_expect_error(world, "gate --policy bad.policy", "bad.policy:2: 'lots' is no limit");
    world_expect_error(world, "gate --policy none.policy", "none.policy");
    world_write(world, "bad.ack", "[acknowledge]\ncase = x\nup_to = 5 %\nauthor = me\nuntil = 2999-01-01\n");
    world_expect_error(world, "gate --acknowledged bad.ack", "bad.ack:1: this acknowledgement has no 'reason'");
    world_expect_error(world, "gate --format telepathy", "--format telepathy: there is only");
    world_expect_error(world, "gate 1 2", "one RUN at a time");
    world_expect_error(world, "gate --history --targets", "exclude each other");
    world_expect_error(world, "gate 1 --ab", "--ab takes no RUN");
    add_run(world, (struct night){ .slower = { 1.1 } });
    world_write(world, "old.ack",
                "[acknowledge]\ncase = op0\nup_to = 50 %\nreason = r\nauthor = Ada\nuntil = 2020-01-01\n");
    expect(world, "gate --against 1 --acknowledged old.ack", 1, "has expired on 2020-01-01");
    /* The policy names the file of acknowledgements, beside itself. */
    char path[128];
    snprintf(path, sizeof path, "%s/ci", world->directory);
    assert_int_equal(mkdir(path, 0700), 0);
    world_write(world, "ci/p", "acknowledged = ack\n");
    world_write(world, "ci/ack",
                "[acknowledge]\ncase = op0\nup_to = 50 %\nreason = r\nauthor = Ada\nuntil = 2999-01-01\n");
    expect(world, "gate --against 1 --policy ci/p", 0, "acknowledged");
}

static void test_targets(void **state)
{
    const struct world *world = *state;
    add_nights(world, 1);
    world_write(world, "p",
                "[targets]\ncase = op0\ntarget = load_ms < 500\n[targets usable]\ntarget = real_time < 1 us\n");
    expect(world, "gate --targets --policy p", 0, "usable");
    world_write(world, "q", "target = load_ms < 50\n");
    expect(world, "gate --targets --policy q", 1, "load_ms");
    /* A finding names its case once, and what is not required is not counted as if it were. */
    world_write(world, "r",
                "tier = functional\n[targets functional]\ncase = op0\ntarget = real_time < 0.001 ns\n"
                "[targets usable]\ncase = op0\ntarget = real_time < 0.002 ns\n");
    expect(world, "gate --targets --policy r", 1, "2 of 2 targets missed (1 not required)");
    expect_not(world, "gate --targets --policy r --format github", "op0/x: op0/x");
    world_expect_error(world, "gate --targets --policy none", "none");
    expect(world, "gate --targets", 2, "nothing was judged");
}

static void test_documents(void **state)
{
    const struct world *world = *state;
    add_nights(world, 1);
    add_run(world, (struct night){ .slower = { 1.1 } });
    expect(world, "gate --against 1 --no-charts --format markdown -o a.md --format junit -o b.xml --format json -o -",
           1, "\"regressed\"");
    expect(world, "gate --against 1 --no-charts --format text -o - --format github -o -", 1, "::error");
    char path[128];
    struct stat info;
    snprintf(path, sizeof path, "%s/b.xml", world->directory);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size > 100);
    world_expect_error(world, "gate --against 1 --no-charts -o /nowhere/x.md > /dev/null", "/nowhere/x.md");
}

/* ---- databases that are not well ---- */

static void test_databases(void **state)
{
    const struct world *world = *state;
    add_nights(world, 2);
    /* Somebody writes: reading goes on. */
    struct store *store;
    assert_int_equal(store_open(&store, world->database, false, NULL), 0);
    assert_int_equal(sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    expect(world, "gate --against 1", 0, "Pass");
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store_close(store);
    assert_int_equal(chmod(world->database, 0444), 0);
    expect(world, "gate --against 1", 0, "Pass");
    assert_int_equal(chmod(world->database, 0644), 0);
    /* A newer one, and one that is none. */
    sqlite3 *raw;
    assert_int_equal(sqlite3_open(world->database, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(raw);
    world_expect_error(world, "gate --against 1", "999");
    world_write(world, "garbage", "this is not a database, it only looks like a file of a few hundred bytes");
    world_expect_error(world, "gate --db garbage", "garbage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_baseline, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_nothing_to_judge, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_other_machine, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_first_nights, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_a_step_is_told_on_its_third_night, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_one_bad_night_poisons_nothing, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_updated_kernel, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_files, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_targets, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_documents, world_make, world_remove),
        cmocka_unit_test_setup_teardown(test_databases, world_make, world_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
