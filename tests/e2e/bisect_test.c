/* bisect_test.c: `prony bisect` in a throwaway repository whose program's made-up time grows from one commit on. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* A suite of the cases a and b with 1000 ns and a scatter of 1 % that depends on the size of the environment. What a
 * commit does is put in place of EXTRA when it is built. */
static const char suite_text[] =
    "#!/bin/sh\n"
    "c= n=\n"
    "for a; do case $a in\n"
    "  --benchmark_list_tests*) for i in a b; do echo $i; done; exit 0;;\n"
    "  --benchmark_filter=*) c=${a#*=^}; c=${c%?};;\n"
    "  --benchmark_min_time=*x) n=${a#*=}; n=${n%x};;\n"
    "esac; done\n"
    "t=1000\n"
    "EXTRA\n"
    "t=$((t * (10000 + (${#PRONY_PADDING} * 31 + SALT) % 97) / 10))\n"
    "t=$(printf '%d.%03d' $((t / 1000)) $((t % 1000)))\n"
    "printf '{\"benchmarks\": [{\"name\": \"%s\", \"run_type\": \"iteration\", \"iterations\": %s, \"real_time\": %s, ' \\\n"
    "  $c ${n:-50} $t\n"
    "printf '\"cpu_time\": %s, \"time_unit\": \"ns\"}]}' $t\n";

/* Eight commits, tagged c1 to c8: b is 20 % slower from c5 on; the one in $broken does not build. */
static const char make_text[] =
    "set -e\n"
    "git init -q -b main . && git config user.email t@example.org && git config user.name Tester\n"
    "printf '[project]\\nbuild = sh build.sh\\n\\n[suite bench]\\nprogram = bench\\n' >prony.conf\n"
    "printf '%s\\n' 'test ! -e broken && sed \"s/^EXTRA/$(cat extra)/\" bench.in >bench && chmod +x bench' >build.sh\n"
    "printf '%s\\n' bench 't.db*' tmp cache make.sh out >.gitignore\n"
    "mkdir -p tmp\n"
    "for i in 1 2 3 4 5 6 7 8; do\n"
    "  echo \"SALT=$i$([ $i -lt 5 ] || echo '; [ $c = b ] \\&\\& t=1200')$SLEEP\" >extra\n"
    "  rm -f broken; [ $i != \"$1\" ] || touch broken\n"
    "  git add -A; git commit -qm \"commit $i$SUBJECT\"; git tag c$i\n"
    "done\n";

static int make(void **state)
{
    if (world_make(state) != 0)
        return -1;
    struct world *world = *state;
    char *path = mem_format("%s/cache", world->directory);
    setenv("XDG_CACHE_HOME", path, 1);
    setenv("PRONY_NO_DOCTOR", "1", 1);
    free(path);
    path = mem_format("%s/tmp", world->directory);
    setenv("TMPDIR", path, 1);
    free(path);
    world_write(world, "bench.in", suite_text);
    world_write(world, "make.sh", make_text);
    return 0;
}

static int shell(const struct world *world, const char *line)
{
    char *command = mem_format("cd '%s' && { %s; } >out 2>&1", world->directory, line);
    int status = system(command);
    free(command);
    return status;
}

static void make_repository(const struct world *world, const char *broken)
{
    char *line = mem_format("sh make.sh %s", broken);
    assert_int_equal(shell(world, line), 0);
    free(line);
}

/* The tree, the branch and git's own files are as they were; nothing lies in TMPDIR. ab's cache is not ours. */
static void assert_clean(const struct world *world)
{
    assert_int_equal(shell(world, "rm -f out; test -z \"$(git status --porcelain)\""), 0);
    assert_int_equal(shell(world, "test \"$(git symbolic-ref HEAD)\" = refs/heads/main"), 0);
    assert_int_equal(shell(world, "test -z \"$(ls tmp)\""), 0);
    assert_int_equal(shell(world, "test -z \"$(git worktree list --porcelain | grep prony-bisect)\""), 0);
    assert_int_equal(shell(world, "test -z \"$(git for-each-ref refs/bisect)\" && test ! -e .git/BISECT_LOG"), 0);
}

static void expect(const struct world *world, const char *words, int status, const char *said)
{
    struct child_result result = { 0 };
    int got = world_prony(world, words, &result);
    if (got != status || !strstr(str_text(&result.output), said))
        fail_msg("prony %s: status %d instead of %d, or it did not say '%s':\n%s\n%s", words, got, status, said,
                 str_text(&result.output), str_text(&result.errors));
    child_release(&result);
}

static void test_found(void **state)
{
    struct world *world = *state;
    /* What commits say of themselves is not what git says. */
    setenv("SUBJECT", " is the first bad commit", 1);
    make_repository(world, "0");
    unsetenv("SUBJECT");
    expect(world, "bisect c1 main --case ^b -- -q", 0, "first bad commit: ");
    expect(world, "bisect c1 c6 --no-check -- -q", 0, "\n  commit 5 is the first bad commit\n");
    assert_clean(world);
}

static void test_skipped(void **state)
{
    struct world *world = *state;
    make_repository(world, "4");
    expect(world, "bisect c1 c8 -- -q", 3, "commit 4\n");
    assert_clean(world);
}

static void test_nothing_to_find(void **state)
{
    struct world *world = *state;
    make_repository(world, "0");
    world_expect_error(world, "bisect c1 c4 -- -q", "there is nothing to find");
    world_expect_error(world, "bisect c1 c8 --case ^a -- -q", "there is nothing to find");
    world_expect_error(world, "bisect c8 c1", "is not an ancestor");
    world_expect_error(world, "bisect c1 c1", "the same commit");
    world_expect_error(world, "bisect c1 nowhere", "git knows no commit 'nowhere'");
    world_expect_error(world, "bisect c1", "a GOOD and a BAD commit");
    assert_clean(world);
}

/* As the command of a `git bisect run` of the user's own. */
static void test_step(void **state)
{
    struct world *world = *state;
    make_repository(world, "4");
    char *line =
        mem_format("PATH=/usr/bin:/bin; export PRONY_DB=t.db; git checkout -q c8; '%s' bisect --step c1 -- -q; "
                   "echo answer $?; git checkout -q c2; '%s' bisect --step c1 -- -q; echo answer $?; "
                   "git checkout -q c4; '%s' bisect --step c1 -- -q; echo answer $?; "
                   "'%s' bisect --step nowhere; echo answer $?",
                   world->prony, world->prony, world->prony, world->prony);
    char *path = mem_format("%s/out", world->directory), *text, *at;
    size_t size;
    assert_int_equal(shell(world, line), 0);
    assert_int_equal(file_read(path, &text, &size, NULL), 0);
    static const char *const expected[] = { "\nanswer 1\n", "\nanswer 0\n", "\nanswer 125\n", "\nanswer 128\n" };
    at = text;
    for (size_t i = 0; i < 4; i++) {
        at = strstr(at, "\nanswer ");
        if (!at || strncmp(at, expected[i], strlen(expected[i])) != 0)
            fail_msg("not %s:\n%s", expected[i], text);
        at += 8;
    }
    free(line), free(path), free(text);
}

static void test_interrupted(void **state)
{
    struct world *world = *state;
    setenv("SLEEP", "; sleep 0.2", 1);
    make_repository(world, "0");
    unsetenv("SLEEP");
    char *line =
        mem_format("PRONY_DB=t.db timeout -s INT 1 '%s' bisect c1 c8 --no-check -- -q; test $? = 124", world->prony);
    assert_int_equal(shell(world, line), 0);
    assert_clean(world);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found, make, world_remove),
        cmocka_unit_test_setup_teardown(test_skipped, make, world_remove),
        cmocka_unit_test_setup_teardown(test_nothing_to_find, make, world_remove),
        cmocka_unit_test_setup_teardown(test_step, make, world_remove),
        cmocka_unit_test_setup_teardown(test_interrupted, make, world_remove),
    };
    return world_is_left_out(true) ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
