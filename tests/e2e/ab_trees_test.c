/* ab_trees_test.c: `prony ab` with git refs and directories: a throwaway repository, a prony.conf, builds that work and
 * one that does not, worktrees that are kept and cleaned. The times of its program are made up. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/child.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* The path in the message is a trap for the check of identical code: __FILE__ lies in the tree. */
static const char program_text[] =
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "#define TIME 1000\n"
    "#define SALT 0\n"
    "int main(int count, char **words)\n"
    "{\n"
    "    const char *name = \"\", *padding = getenv(\"PRONY_PADDING\");\n"
    "    long iterations = 50;\n"
    "    for (int i = 1; i < count; i++) {\n"
    "        if (strstr(words[i], \"list_tests\"))\n"
    "            return puts(\"first\\nsecond\") < 0;\n"
    "        if (strstr(words[i], \"filter=\"))\n"
    "            name = strstr(words[i], \"first\") ? \"first\" : \"second\";\n"
    "        if (strstr(words[i], \"min_time=\") && strchr(words[i], 'x'))\n"
    "            iterations = atol(strchr(words[i], '=') + 1);\n"
    "    }\n"
    "    if (getenv(\"DATA\") && !fopen(getenv(\"DATA\"), \"r\"))\n"
    "        return fprintf(stderr, \"%s: no data\\n\", __FILE__), 1;\n"
    "    double time = strcmp(name, \"second\") == 0 ? TIME : 1000;\n"
    "    time *= 1 + (double)(((padding ? strlen(padding) : 0) * 31 + SALT) % 97) / 10000;\n"
    "    printf(\"{\\\"benchmarks\\\": [{\\\"name\\\": \\\"%s\\\", \\\"iterations\\\": %ld, \\\"real_time\\\": %f, "
    "\\\"cpu_time\\\": %f, \\\"time_unit\\\": \\\"ns\\\"}]}\", name, iterations, time, time);\n"
    "    return 0;\n"
    "}\n";

static const char conf_text[] = "[project]\n"
                                "build = cc -g -o bench \"$PWD/bench.c\" && echo built >>builds\n"
                                "\n"
                                "[suite bench]\n"
                                "program = bench\n";

/* A shell line in the repository. */
static void git(const struct world *world, const char *line)
{
    char *script = mem_format("cd '%s/repo' && export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e "
                              "GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e && %s",
                              world->directory, line);
    const char *const arguments[] = { "/bin/sh", "-c", script, NULL };
    struct child_request request = { .arguments = arguments, .output_limit_bytes = 1 << 20, .interrupt_fd = -1 };
    struct child_result result;
    assert_int_equal(child_run(&request, &result, NULL), 0);
    if (result.end != CHILD_EXITED || result.status != 0)
        fail_msg("%s: %s", line, str_text(&result.errors));
    child_release(&result);
    free(script);
}

/* Commits, tagged: good, innocent (another comment), slow (second takes twice as long), broken (does not build). */
static int make_repository(void **state)
{
    world_make(state);
    const struct world *world = *state;
    char *directory = mem_format("%s/repo", world->directory);
    assert_int_equal(file_make_directories(directory, NULL), 0);
    free(directory);
    world_write(world, "repo/bench.c", program_text);
    world_write(world, "repo/prony.conf", conf_text);
    world_write(world, "repo/.gitignore", "bench\nbuilds\ndata\n");
    git(world, "git init -q -b main . && git add -A && git commit -qm good && git tag good");
    git(world, "echo '/* nothing */' >>bench.c && git commit -qam innocent && git tag innocent");
    git(world, "sed -i 's/TIME 1000/TIME 2000/; s/SALT 0/SALT 17/' bench.c && git commit -qam slow && git tag slow");
    git(world, "echo 'this is no C;' >>bench.c && git commit -qam broken && git tag broken");
    return 0;
}

/* Runs prony in the repository with a cache of the world's own. */
static void expect_in(const struct world *world, const char *setup, const char *words, int status, const char *said)
{
    char *script = mem_format("cd '%s/repo' && export XDG_CACHE_HOME='%s/cache' PRONY_NO_DOCTOR=1 PRONY_DB='%s'; "
                              "%s exec '%s' ab %s",
                              world->directory, world->directory, world->database, setup, world->prony, words);
    const char *const arguments[] = { "/bin/sh", "-c", script, NULL };
    struct child_request request = {
        .arguments = arguments, .timeout_s = 60, .output_limit_bytes = 1 << 20, .interrupt_fd = -1
    };
    struct child_result result;
    assert_int_equal(child_run(&request, &result, NULL), 0);
    bool good = result.end == CHILD_EXITED && result.status == status;
    if (!good || (said && !strstr(str_text(&result.output), said) && !strstr(str_text(&result.errors), said)))
        fail_msg("prony ab %s: status %d instead of %d, or it did not say '%s':\n%s\n%s", words, result.status, status,
                 said ? said : "", str_text(&result.output), str_text(&result.errors));
    child_release(&result);
    free(script);
}

static void expect(const struct world *world, const char *words, int status, const char *said)
{
    expect_in(world, "", words, status, said);
}

static void test_slowdown(void **state)
{
    const struct world *world = *state;
    expect(world, "good slow --seed 1 --blocks 8", 1, "second");
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE base_name = 'good' AND candidate_name = "
                                        "'slow' AND kind = 'ab'"),
                     1);
    assert_int_equal(world_query(world, "SELECT count(DISTINCT git_commit) FROM build WHERE git_dirty = 0 OR "
                                        "git_dirty = 'no'"),
                     2);
    /* The branch is known, although a worktree has none. */
    git(world, "git checkout -q -b topic good");
    expect(world, "topic slow --seed 1 --blocks 5 -q", 1, NULL);
    assert_int_equal(world_query(world, "SELECT count(*) FROM build WHERE git_branch = 'topic'"), 1);
    /* Each commit was built once. */
    git(world, "[ $(cat ../cache/prony/worktrees/*/*/builds | wc -l) = 2 ]");
    expect(world, "good slow --seed 1 --blocks 5 -q --rebuild", 1, NULL);
    git(world, "[ $(cat ../cache/prony/worktrees/*/*/builds | wc -l) = 4 ]");
}

/* Other comments, other paths, debug information: the same code. */
static void test_innocent(void **state)
{
    const struct world *world = *state;
    expect(world, "good innocent --seed 1", 0, "the same code");
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE kind = 'aa' AND identical_binaries = 1"),
                     1);
    expect(world, "good good -q", 0, NULL); /* one commit on both sides */
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE kind = 'aa'"), 2);
    /* The candidate must not wait for the tree that the base holds; it is built anew once. */
    expect(world, "innocent innocent --dry-run --rebuild", 0, "the same code");
    git(world, "[ $(cat ../cache/prony/worktrees/*/*/builds | wc -l) = 3 ]");
}

/* What is loaded by dlopen is not seen: nothing is claimed, unless prony.conf names it. And a candidate's prony.conf
 * that nobody would use is read all the same. */
static void test_loaded_code(void **state)
{
    const struct world *world = *state;
    git(world, "git checkout -q good && sed -i 's/^int main/int opened;\\n#include <dlfcn.h>\\nint main/; "
               "s/^    const char/    opened = count > 99 \\&\\& dlopen(words[1], 1);\\n    const char/' bench.c && "
               "mkdir plugins && echo a >plugins/a.so && git add -A && git commit -qm loads && "
               "echo b >plugins/a.so && git commit -qam plugin && echo '[suite more]\nnonsense = 1' >>prony.conf && "
               "git commit -qam conf");
    expect(world, "HEAD~2 HEAD~1 --blocks 3 --seed 1", 0, "not claimed: it loads code at run time (dlopen)");
    assert_int_equal(world_query(world, "SELECT count(*) FROM run_fact WHERE name = 'bench.code'"), 0);
    world_write(world, "named.conf",
                "[project]\nbuild = cc -o bench bench.c\ncode = plugins/*.so\n[suite bench]\nprogram = bench\n");
    expect(world, "HEAD~1 HEAD --conf ../named.conf --dry-run", 0, "bench: the same code on both sides");
    expect(world, "HEAD~2 HEAD~1 --conf ../named.conf --blocks 3 --seed 1", 0, NULL);
    assert_int_equal(world_query(world, "SELECT count(DISTINCT value) FROM run_fact WHERE name = 'bench.code'"), 2);
    expect(world, "HEAD~1 HEAD --dry-run", 0, "unknown key 'nonsense' (not used here");
}

/* One program of two is the same: its cases cannot regress, whatever the times say, also when they are read again. */
static void test_partly_innocent(void **state)
{
    const struct world *world = *state;
    git(world, "git checkout -q good && sed 's/SALT 0/SALT 3/' "
               "bench.c >still.c");
    world_write(world, "repo/prony.conf",
                "[project]\nbuild = cc -o bench bench.c && cc -o still still.c\n"
                "[suite bench]\nprogram = bench\n[suite still]\nprogram = still\n");
    git(world, "printf 'still\\n' >>.gitignore && git add -A && git commit -qm two && "
               "sed -i 's/TIME 1000/TIME 2000/; s/SALT 0/SALT 17/' bench.c && git commit -qam slower");
    expect(world, "HEAD~1 HEAD --seed 1 --blocks 8", 1, "still: the same code on both sides");
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE kind = 'ab' AND identical_binaries = 0"),
                     1);
    /* A commit that is no tip is on no branch, and on none that is called HEAD. */
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE git_branch = 'HEAD'"), 0);
    assert_int_equal(world_query(world, "SELECT count(DISTINCT value) FROM run_fact WHERE name = 'still.code'"), 1);
    assert_int_equal(world_query(world, "SELECT count(DISTINCT value) FROM run_fact WHERE name = 'bench.code'"), 2);
}

/* The program is the same, its library is not. */
static void test_library(void **state)
{
    const struct world *world = *state;
    git(world, "git checkout -q good && mv bench.c part.c && sed -i 's/int main/int part/' part.c && "
               "echo 'int part(int, char **); int main(int c, char **w) { return part(c, w); }' >bench.c");
    world_write(world, "repo/prony.conf",
                "[project]\nbuild = mkdir -p lib && cc -shared -fPIC -o lib/libpart.so part.c\n"
                "build = cc -o bench bench.c -Llib -lpart -Wl,-rpath,'$ORIGIN/lib'\n[suite bench]\nprogram = bench\n");
    git(world, "git add -A && git commit -qm two && sed -i 's/SALT 0/SALT 17/' part.c && git commit -qam three");
    expect(world, "HEAD~1 HEAD --seed 1 -q", 0, NULL);
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE kind = 'ab'"), 1);
    git(world, "echo '/* nothing */' >>part.c && git commit -qam four");
    expect(world, "HEAD~1 HEAD --seed 1 -q", 0, NULL);
    assert_int_equal(world_query(world, "SELECT count(*) FROM comparison WHERE kind = 'aa'"), 1);
}

static void test_broken(void **state)
{
    const struct world *world = *state;
    expect(world, "good broken", 2, "this is no C;");
    expect(world, "good broken", 2, "broken does not build: 'cc -g");
    git(world, "grep -q 'no C' ../cache/prony/worktrees/*/$(git rev-parse broken).log");
    assert_false(file_exists(world->database)); /* nothing was measured */
    expect(world, "good nosuchref", 2, "nosuchref: neither a commit of");
}

/* What is not committed, as it is. */
static void test_working_tree(void **state)
{
    const struct world *world = *state;
    git(world, "git checkout -q good && sed -i 's/TIME 1000/TIME 3000/; s/SALT 0/SALT 5/' bench.c");
    expect(world, "HEAD . --seed 1 --blocks 8", 1, "regressed");
    assert_int_equal(world_query(world, "SELECT count(*) FROM build WHERE git_dirty IN ('yes', 1)"), 1);
    expect(world, "worktree ../repo -q", 0, NULL);
    git(world, "mkdir ../elsewhere && cp bench.c prony.conf ../elsewhere");
    expect(world, "HEAD ../elsewhere --seed 1 --blocks 8 -q", 1, NULL);
}

static void test_clean(void **state)
{
    const struct world *world = *state;
    expect(world, "good slow --dry-run", 0, "2 cases on both sides");
    assert_false(file_exists(world->database));
    git(world, "[ $(git worktree list | wc -l) = 3 ]");
    expect(world, "--clean", 0, "removed 2 worktrees");
    git(world, "[ $(git worktree list | wc -l) = 1 ] && [ -z \"$(ls ../cache/prony/worktrees)\" ]");
    /* One that is locked stays. */
    expect(world, "good slow --dry-run", 0, NULL);
    git(world, "flock -s ../cache/prony/worktrees/*/$(git rev-parse good).lock true");
    expect_in(world, "exec 9>$(ls ../cache/prony/worktrees/*/$(git rev-parse good).lock); flock -s 9;", "--clean", 0,
              "removed 1 worktrees; others are in use");
    git(world, "[ $(git worktree list | wc -l) = 2 ]");
    /* Another prony builds the same commit just now. */
    expect_in(world, "flock -x ../cache/prony/worktrees/*/$(git rev-parse good).lock sleep 0.5 & sleep 0.2;",
              "good slow --dry-run", 0, "waiting for another prony");
    /* Names that are hidden, or patterns. */
    git(world, "git clone -q . '../.x*'");
    expect_in(world, "cd '../.x*'; export XDG_CACHE_HOME=\"$(cd .. && pwd)/c[a]che\";", "good slow --dry-run", 0, NULL);
    expect_in(world, "export XDG_CACHE_HOME=\"$(cd .. && pwd)/c[a]che\";", "--clean", 0, "removed 2 worktrees");
    git(world, "[ -z \"$(ls -A '../c[a]che/prony/worktrees')\" ]");
    /* Somebody removed the tree behind our back. */
    git(world, "rm -rf ../cache/prony/worktrees/*/$(git rev-parse good)");
    expect(world, "good slow --dry-run", 0, "2 cases on both sides");
}

/* Models and settings that git does not hold. */
static void test_links(void **state)
{
    const struct world *world = *state;
    git(world, "git checkout -q good && mkdir data && echo 1 >data/model && echo 1 >settings");
    world_write(world, "repo/prony.conf",
                "[project]\nbuild = cc -g -o bench bench.c && cat settings\nlink = data\ncopy = settings\n"
                "[suite bench]\nprogram = bench\nenv = DATA=data/model\n");
    expect(world, "good innocent --conf prony.conf -q", 0, NULL);
    git(world, "rm settings");
    expect(world, "good slow --conf prony.conf --rebuild", 2, "copy = settings: there is no");
}

/* The plan of the base's tree, its programs in the tree of each side. */
static void test_plan(void **state)
{
    const struct world *world = *state;
    git(world, "git checkout -q good && mkdir suites && printf '[suite bench]\\nfilter = first\\n' >suites/some.plan");
    world_write(
        world, "repo/prony.conf",
        "[project]\nbuild = mkdir -p out && cc -o out/bench bench.c\nprograms = out\nplan = suites/some.plan\n");
    git(world, "git add -A && git commit -qm plan");
    expect(world, "HEAD HEAD -q", 0, NULL);
    assert_int_equal(world_query(world, "SELECT count(*) FROM runs WHERE plan = 'some'"), 2);
    expect(world, "HEAD HEAD -q --plan some", 0, NULL);
    expect(world, "HEAD HEAD -q --plan other", 2, "other: neither a file nor a shipped plan");
}

static void test_conf(void **state)
{
    const struct world *world = *state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        { "[suite bench]\nprogram = bench\n", "has no [project]" },
        { "[project]\nbuild = true\n", "not what to measure" },
        { "[project]\nbuild =\n", "prony.conf:2: build = : expected a shell command" },
        { "[project]\nmake = all\n", "prony.conf:2: unknown key 'make'" },
        { "[project]\nlink = ../x\n", "prony.conf:2: link = ../x: expected a path below" },
        { "[project]\nlink = /etc\n", "prony.conf:2: link = /etc: expected a path below" },
        { "[project]\nbuild_timeout = soon\n", "prony.conf:2: build_timeout" },
        { "[project]\n[project]\n", "prony.conf:2: a second [project]" },
        { "[project]\nplan = a.plan\n[suite x]\n", "one of both" },
        { "[project]\nbuild = true\n\n[suite x]\nfilterr = a\n", "prony.conf:5: unknown key 'filterr'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_write(world, "repo/prony.conf", cases[i].text);
        expect(world, ". .", 2, cases[i].said);
    }
    git(world, "rm prony.conf");
    expect(world, ". .", 2, "which says how to build and what to measure");
    /* A commit of before its prony.conf takes the one that is here now. */
    git(world, "git checkout -q -f good && git checkout -q -b old && git rm -q prony.conf && git commit -qm old && "
               "git checkout -q good");
    expect(world, "old good -q", 0, "has no prony.conf of its own");
}

/* The world is against us. */
static void test_trouble(void **state)
{
    const struct world *world = *state;
    expect_in(world, "export XDG_CACHE_HOME=/dev/null;", "good slow", 2, "set XDG_CACHE_HOME");
    git(world, "mkdir ../bin && ln -s /bin/sh ../bin/sh");
    expect_in(world, "export PATH=\"$PWD/../bin\";", "good slow", 2, "cannot start git");
    expect_in(world, "cd ..;", "good slow", 2, "not a git repository");
    expect_in(world, "cd ..;", "good slow --repository repo --dry-run", 0, NULL);
    /* A hook hands down its own idea of the repository. */
    expect_in(world, "export GIT_INDEX_FILE=/nonexistent/index GIT_DIR=\"$PWD/.git\";", "good innocent --dry-run", 0,
              NULL);
    world_write(world, "repo/prony.conf", "[project]\nbuild = sleep 100\nbuild_timeout = 200ms\n[suite bench]\n");
    expect(world, ". .", 2, "timed out after 0.2 s");
    /* Ctrl-C while it builds: the parent of the build is prony. */
    world_write(world, "repo/prony.conf", "[project]\nbuild = kill -INT $PPID; sleep 100\n[suite bench]\n");
    expect(world, ". .", 2, "interrupted while . was built");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_slowdown, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_innocent, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_loaded_code, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_partly_innocent, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_library, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_broken, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_working_tree, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_clean, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_links, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_plan, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_conf, make_repository, world_remove),
        cmocka_unit_test_setup_teardown(test_trouble, make_repository, world_remove),
    };
    return world_is_left_out(true) ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
