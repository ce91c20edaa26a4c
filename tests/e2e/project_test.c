/* project_test.c: `prony run prony.conf`: a project is built where it lies, and measured there. */
#include "tests/support/shell.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The build makes the program, which needs the directory of the project to say its time. It takes seconds without a
 * unit only, as Google Benchmark did up to 1.7. */
#define PROJECT                                                                                                        \
    "mkdir -p tree/bin && cd tree && echo 7 >time\n"                                                                   \
    "cat >make.sh <<'EOF'\n#!/bin/sh\necho made in $PWD\nprintf '%s\\n' '#!/bin/sh' "                                  \
    "'case \"$*\" in *min_time=*[0-9]s*) echo benchmark_min_time >&2; exit 1;; *list_tests*) echo BM_x; exit;; esac' " \
    "'echo \"{\\\"benchmarks\\\":[{\\\"name\\\":\\\"BM_x\\\",\\\"iterations\\\":10,\\\"real_time\\\":$(cat "           \
    "time),\\\"cpu_time\\\":7,\\\"time_unit\\\":\\\"ns\\\"}]}\"' >bin/bench\nchmod +x bin/bench\nEOF\nchmod +x make.sh\n"

static void test_built_and_measured(void **state)
{
    shell_expect(state, 0,
                 PROJECT "printf '%s\\n' 'rounds = 2' '[project]' 'build = ./make.sh' 'programs = bin' '[suite bench]' "
                         "'program = bench' >prony.conf\n"
                         "cd .. && $PRONY run tree/prony.conf --db p.db",
                 "made in ");
    shell_expect(state, 0, "$PRONY list --db p.db", "prony.conf");
    shell_expect(state, 0, "$PRONY report latest --db p.db --format csv", "\"real_time\",\"ns\",\"timed\",2,7,");
    /* The same with a plan of the tree. */
    shell_run(state, "cd tree && printf '%s\\n' 'rounds = 1' '[suite bench]' >my.plan && printf '%s\\n' '[project]' "
                     "'build = ./make.sh' 'programs = bin' 'plan = my.plan' >prony.conf && $PRONY run prony.conf --db "
                     "q.db && $PRONY list --db q.db | grep -q ' my '");
}

static void test_says_what_is_wrong(void **state)
{
    shell_expect(state, 2,
                 PROJECT "printf '%s\\n' '[project]' 'build = echo no compiler; exit 3' '[suite bench]' >prony.conf; "
                         "$PRONY run prony.conf --db p.db",
                 "does not build: 'echo no compiler; exit 3' exited with status 3");
    shell_expect(state, 2,
                 "cd tree; printf '%s\\n' '[project]' 'build = true' >prony.conf; $PRONY run prony.conf --db p.db",
                 "not what to measure");
    shell_expect(state, 2,
                 "cd tree; printf '%s\\n' '[project]' 'plan = none.plan' >prony.conf; $PRONY run prony.conf --db p.db",
                 "none.plan");
    shell_expect(state, 2, "cd tree; echo '[projekt]' >prony.conf; $PRONY run prony.conf --db p.db",
                 "has no [project]");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_make, world_remove)
    const struct CMUnitTest tests[] = { TEST(test_built_and_measured), TEST(test_says_what_is_wrong) };
    return world_is_left_out(false) ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
