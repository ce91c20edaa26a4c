/* `prony gate --history --confirm` in a throwaway repository: nights are made up, what is measured again is a script
 * whose time is counted, not taken: so both can agree, or not, as a test wants. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/fingerprint.h"
#include "harness/run/git.h"
#include "tests/support/world.h"
#include "harness/store/store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A suite of the cases a and b: 1000 ns, and a little luck that depends on the size of the environment and on SALT.
 * What a commit does is put in place of EXTRA when it is built. */
static const char suite_text[] =
    "#!/bin/sh\n"
    "c= n=\n"
    "for a; do case $a in\n"
    "  --benchmark_list_tests*) for i in a b; do echo $i; done; exit 0;;\n"
    "  --benchmark_filter=*) c=${a#*=^}; c=${c%?};;\n"
    "  --benchmark_min_time=*x) n=${a#*=}; n=${n%x};;\n"
    "esac; done\n"
    "t=1000 luck=5\n"
    "EXTRA\n"
    "t=$((t * (10000 + (${#PRONY_PADDING} * 7919 + SALT * 104729) % 97 * luck / 10) / 10))\n"
    "t=$(printf '%d.%03d' $((t / 1000)) $((t % 1000)))\n"
    "printf '{\"benchmarks\": [{\"name\": \"%s\", \"run_type\": \"iteration\", \"iterations\": %s, \"real_time\": %s, ' \\\n"
    "  $c ${n:-50} $t\n"
    "printf '\"cpu_time\": %s, \"time_unit\": \"ns\"}]}' $t\n";

/* Commits, tagged: good; slow (b takes a fifth longer); same (other code, the same times); words (no code); wild
 * (nobody can tell); broken (does not build). Each is the good one with one change. */
static const char make_text[] =
    "set -e\n"
    "export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null\n"
    "git init -q -b main . && git config user.email t@example.org && git config user.name Tester\n"
    "printf '[project]\\nbuild = sh build.sh\\nplan = t.plan\\ncode = bench\\n' >prony.conf\n"
    "printf '[suite bench]\\nprogram = bench\\n' >t.plan\n"
    "printf '%s\\n' 'test ! -e broken && sed \"s/^EXTRA/$(cat extra)/\" bench.in >bench && chmod +x bench' >build.sh\n"
    "printf '%s\\n' bench count 't.db*' tmp cache make.sh out >.gitignore\n"
    "mkdir -p tmp\n"
    "commit() { git add -A; git commit -qm \"$1\"; git tag $1; }\n"
    "echo SALT=1 >extra; commit good\n"
    "echo 'SALT=2; [ $c = b ] \\&\\& t=1200' >extra; commit slow\n"
    "git checkout -q good; echo SALT=3 >extra; commit same\n"
    "git checkout -q good; echo more >README; commit words\n"
    "git checkout -q good; echo 'SALT=4; i=$(cat count || echo 0); echo $((i + 1)) >count; t=$((700 + i % 2 * 600))' "
    ">extra; commit wild\n"
    "git checkout -q good; touch broken; commit broken\n"
    "git checkout -q main\n";

struct scene {
    struct world *world;
    char machine[17];
    struct arena arena;
};

static int shell(const struct scene *scene, const char *line)
{
    char *script = mem_format("cd '%s' && %s", scene->world->directory, line);
    int status = system(script);
    free(script);
    return status;
}

/* One repository for all tests: what was built once is there. */
static int make(void **state)
{
    struct scene *scene = mem_alloc(sizeof *scene);
    struct fingerprint here;
    if (world_make((void **)&scene->world) != 0)
        return -1;
    struct world *world = scene->world;
    setenv("XDG_CACHE_HOME", arena_format(&scene->arena, "%s/cache", world->directory), 1);
    setenv("TMPDIR", arena_format(&scene->arena, "%s/tmp", world->directory), 1);
    fingerprint_collect(&here, "", &scene->arena);
    strcpy(scene->machine, here.key);
    fingerprint_release(&here);
    world_write(world, "bench.in", suite_text);
    world_write(world, "make.sh", make_text);
    assert_int_equal(shell(scene, "sh make.sh >out 2>&1"), 0);
    *state = scene;
    return 0;
}

static int drop(void **state)
{
    struct scene *scene = *state;
    void *world = scene->world;
    world_remove(&world);
    arena_release(&scene->arena);
    free(scene);
    return 0;
}

/* A database of its own for each. */
static int forget(void **state)
{
    return shell(*state, "rm -f t.db*");
}

/* What a made-up night measured. */
struct night {
    const char *commit; /* a tag, or 40 digits */
    double a, b;        /* factors; 0 = as always */
    const char *machine;
    bool dirty;
};

static const char *hash_of(struct scene *scene, const char *commit)
{
    const char *const words[] = { "rev-parse", commit, NULL };
    const char *hash;
    if (strlen(commit) == 40)
        return commit;
    assert_int_equal(git_run(scene->world->directory, words, -1, &scene->arena, &hash, NULL), 0);
    return hash;
}

static void add_night(struct scene *scene, struct night night)
{
    struct store *store;
    int64_t run;
    const char *machine = night.machine ? night.machine : scene->machine;
    const struct store_fact build[] = { { "git_commit", hash_of(scene, night.commit) },
                                        { "git_branch", "main" },
                                        { "git_dirty", night.dirty ? "yes" : "no" } };
    const struct store_fact environment[] = { { "plan_file",
                                                arena_format(&scene->arena, "%s/t.plan", scene->world->directory) } };
    const struct store_run request = { .plan = "t",
                                       .command = "prony run",
                                       .fingerprint = machine,
                                       .build = build,
                                       .build_count = 3,
                                       .environment = environment,
                                       .environment_count = 1 };
    assert_int_equal(store_open(&store, scene->world->database, false, NULL), 0);
    assert_int_equal(store_run_begin(store, &request, &run, NULL), 0);
    for (int i = 0; i < 16; i++) {
        double factor = i % 2 ? night.b : night.a, luck = (double)((run * 31 + i * 17) % 11) / 1000;
        double time = 1000 * (factor > 0 ? factor : 1) * (1 + luck);
        const struct store_sample sample = { .suite = "bench",
                                             .name = i % 2 ? "b" : "a",
                                             .round = i / 2,
                                             .process = i,
                                             .iterations = 100,
                                             .real_time_ns = time,
                                             .cpu_time_ns = time };
        assert_int_equal(store_sample_add(store, run, &sample, 1, NULL), 0);
    }
    assert_int_equal(store_run_end(store, run, "complete", NULL), 0);
    store_close(store);
}

/* Good nights, and then some that are not: `last` so often. */
static void add_nights(struct scene *scene, struct night last, int count)
{
    for (int i = 0; i < 9; i++)
        add_night(scene, (struct night){ .commit = "good", .machine = last.machine });
    for (int i = 0; i < count; i++)
        add_night(scene, last);
}

/* Lines are broken where the terminal ends. */
static void join_lines(char *text)
{
    char *out = text;
    for (const char *p = text; *p; p++)
        if (*p != ' ' && *p != '\n')
            *out++ = *p;
        else if (out > text && out[-1] != ' ')
            *out++ = ' ';
    *out = 0;
}

static void expect(const struct scene *scene, const char *words, int status, const char *text)
{
    struct child_result result;
    int got = world_prony(scene->world, words, &result);
    char *output = str_take(&result.output);
    join_lines(output);
    if (got != status || !strstr(output, text))
        fail_msg("prony %s: status %d instead of %d, or no '%s' in\n%s\n%s", words, got, status, text, output,
                 str_text(&result.errors));
    free(output);
    child_release(&result);
}

static int64_t count_runs(const struct scene *scene)
{
    return world_query(scene->world, "SELECT count(*) FROM run");
}

#define GATE    "gate --history --no-charts"
#define CONFIRM GATE " --confirm"

static void test_confirmed(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "slow", .b = 1.2 }, 3);
    expect(scene, GATE, 1, "seen in 3 runs");
    assert_int_equal(count_runs(scene), 12);
    expect(scene, CONFIRM, 1, "seen in 3 runs; confirmed, measured in turns: +");
    /* Both sides are kept, and the case that stepped is all that was measured. */
    assert_int_equal(count_runs(scene), 14);
    assert_int_equal(world_query(scene->world, "SELECT count(DISTINCT case_id) FROM sample WHERE run_id > 12"), 1);
    /* They are no nights: the newest is judged, as before. The span names the commit. */
    expect(scene, CONFIRM, 1, "1 commit: ");
    expect(scene, CONFIRM " --format json", 1, "\"again\": \"confirmed\"");
    expect(scene, GATE, 1, "seen in 3 runs");
}

static void test_refuted(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "same", .b = 1.2 }, 3);
    expect(scene, GATE, 1, "seen in 3 runs");
    expect(scene, CONFIRM, 0, "the commits do not differ");
    expect(scene, CONFIRM " --format json", 0, "\"again\": \"refuted\"");
}

/* The first slow night is told at once where pairs agree, and forgotten where they do not. */
static void test_one_night(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "slow", .b = 1.2 }, 1);
    expect(scene, GATE, 3, "seen in 1 run: measure again");
    expect(scene, CONFIRM, 1, "seen in 1 run; confirmed, measured in turns");
}

/* A suite that stepped as a whole is measured by its cases. */
static void test_whole_suite(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "same", .a = 1.2, .b = 1.2 }, 3);
    expect(scene, GATE, 1, "all of it (2 cases)");
    expect(scene, CONFIRM, 0, "3 not confirmed");
    assert_int_equal(world_query(scene->world, "SELECT count(DISTINCT case_id) FROM sample WHERE run_id > 12"), 2);
}

static void test_nothing_to_measure(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "words", .b = 1.2 }, 3);
    expect(scene, CONFIRM, 0, "the same code on both sides");
    add_nights(scene, (struct night){ .commit = "good", .b = 1.2 }, 0);
    add_night(scene, (struct night){ .commit = "good", .b = 1.2 });
    add_night(scene, (struct night){ .commit = "good", .b = 1.2 });
    add_night(scene, (struct night){ .commit = "good", .b = 1.2 });
    expect(scene, CONFIRM, 0, "no commit did it");
    assert_int_equal(count_runs(scene), 24);
}

static void test_undecided(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "wild", .b = 1.2 }, 3);
    expect(scene, CONFIRM, 3, "not confirmed, measured in turns");
}

/* What somebody answers for is not measured. */
static void test_acknowledged(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "slow", .b = 1.2 }, 3);
    world_write(scene->world, "ack",
                "[acknowledge]\ncase = .\nup_to = 30 %\nreason = exact rounding\nauthor = Ada\nuntil = 2999-12-31\n");
    expect(scene, CONFIRM " --acknowledged ack", 0, "exact rounding");
    assert_int_equal(count_runs(scene), 12);
}

/* ---- what cannot be measured again stays as the history says ---- */

static void test_gone(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "0123456789012345678901234567890123456789", .b = 1.2 }, 3);
    expect(scene, CONFIRM, 1, "commit 0123456789 is not in this repository");
    expect(scene, CONFIRM " --repository /", 1, "no repository to build from");
    assert_int_equal(count_runs(scene), 12);
}

static void test_shallow(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "same", .b = 1.2 }, 3);
    assert_int_equal(shell(scene, "git -c advice.detachedHead=false clone -q --depth 1 --branch same file://$PWD "
                                  "tmp/shallow"),
                     0);
    expect(scene, CONFIRM " --repository tmp/shallow", 1, "which is a shallow clone (git fetch --unshallow)");
}

static void test_broken(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "broken", .b = 1.2 }, 3);
    expect(scene, CONFIRM, 1, "the verdict of the history stands");
    assert_int_equal(count_runs(scene), 12);
}

static void test_dirty_and_elsewhere(void **state)
{
    struct scene *scene = *state;
    add_nights(scene, (struct night){ .commit = "slow", .b = 1.2, .dirty = true }, 3);
    expect(scene, CONFIRM, 1, "run 12 measured changes that were not committed");
    add_nights(scene, (struct night){ .commit = "slow", .b = 1.2, .machine = "another" }, 3);
    expect(scene, CONFIRM, 1, "was measured on another machine");
    world_expect_error(scene->world, "gate --against 1 --confirm", "--confirm is for --history");
    world_expect_error(scene->world, "gate --history --budget 1m", "are for --confirm");
}

/* The script of the night does it by itself: two made-up nights and a real one are three. */
static void test_nightly_script(void **state)
{
    struct scene *scene = *state;
    char *root = realpath(".", NULL);
    add_nights(scene, (struct night){ .commit = "slow", .b = 1.2 }, 2);
    char *night = mem_format("sh build.sh && %%s PRONY='%s' PRONY_NO_DOCTOR=1 PRONY_DB=t.db PRONY_OUT=tmp/out "
                             "'%s/ci/nightly.sh' t.plan -- --quiet --rounds 8 >out 2>&1; test $? = 1 && %%s",
                             scene->world->prony, root);
    free(root);
    char *confirmed = mem_format(night, "", "grep -q '; confirmed, measured in turns' tmp/out/gate.json");
    char *alone = mem_format(night, "PRONY_CONFIRM=no", "! grep -q 'in turns' tmp/out/gate.json");
    free(night);
    if (shell(scene, confirmed) != 0 || shell(scene, alone) != 0) {
        shell(scene, "cat out");
        fail();
    }
    /* The confirmation's runs come behind the night's, and are no nights: the next one is judged by three. */
    assert_int_equal(count_runs(scene), 11 + 1 + 2 + 1);
    free(confirmed);
    free(alone);
}

int main(void)
{
    if (world_is_left_out(true))
        return 0;
#define TEST(f) cmocka_unit_test_teardown(f, forget)
    const struct CMUnitTest tests[] = {
        TEST(test_confirmed),
        TEST(test_refuted),
        TEST(test_one_night),
        TEST(test_whole_suite),
        TEST(test_nothing_to_measure),
        TEST(test_undecided),
        TEST(test_gone),
        TEST(test_shallow),
        TEST(test_broken),
        TEST(test_acknowledged),
        TEST(test_dirty_and_elsewhere),
        TEST(test_nightly_script),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
