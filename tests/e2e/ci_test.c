/* ci_test.c: the scripts of ci/ as pipelines call them, in throwaway repositories, against a host of comments that
 * lives on this machine. */
#include "tests/support/shell.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- the history's branch ---- */

/* A suite in shell, so that no compiler is needed: one case. */
#define SUITE                                                                                        \
    "cat >suite <<'EOF'\n#!/bin/sh\ncase \"$*\" in *list_tests*) echo BM_x; exit;; esac\n"           \
    "echo '{\"context\":{},\"benchmarks\":[{\"name\":\"BM_x\",\"run_name\":\"BM_x\",\"run_type\":"   \
    "\"iteration\",\"iterations\":10,\"real_time\":5,\"cpu_time\":5,\"time_unit\":\"ns\"}]}'\nEOF\n" \
    "chmod +x suite; printf '[suite s]\\nprogram = ./suite\\nrounds = 1\\n' >t.plan\n"

static void make_remote(void **state)
{
    shell_run(state, SUITE
              "git init -q --bare remote.git && git clone -q remote.git a 2>/dev/null && git clone -q remote.git b "
              "2>/dev/null && cd a && git commit -q --allow-empty -m first && git push -q origin HEAD:main");
}

static void test_history_begins_and_grows(void **state)
{
    shell_skip_unless(state, "command -v git", "git");
    make_remote(state);
    shell_expect(state, 0, "cd a && $ROOT/ci/history.sh fetch prony.db && test ! -e prony.db", "begins the history");
    shell_run(state, "$PRONY run t.plan --db a/prony.db && cd a && $ROOT/ci/history.sh store prony.db");
    shell_run(
        state,
        "cd b && $ROOT/ci/history.sh fetch prony.db && $PRONY list --db prony.db | grep -c complete | grep -qx 1");
    /* One commit without parents, whatever happened before; the files of the checkout are not touched. */
    shell_run(state, "$PRONY run t.plan --db b/prony.db && cd b && $ROOT/ci/history.sh store prony.db && "
                     "test $(git -C ../remote.git rev-list --count prony-history) = 1 && test \"$(ls)\" = prony.db && "
                     "test -z \"$(git status --porcelain | grep -v prony.db)\"");
}

/* Both begin with the same history and measure; the second to store must not lose the first one's run. */
static void test_history_merges_who_was_faster(void **state)
{
    shell_skip_unless(state, "command -v git", "git");
    make_remote(state);
    shell_run(state, "$PRONY run t.plan --db a/prony.db && cd a && $ROOT/ci/history.sh store prony.db");
    shell_run(state,
              "cd b && $ROOT/ci/history.sh fetch prony.db && cd .. && $PRONY run t.plan --db a/prony.db && $PRONY run "
              "t.plan --db b/prony.db && (cd a && $ROOT/ci/history.sh store prony.db)");
    shell_run(state,
              "cd b && $ROOT/ci/history.sh store prony.db && rm prony.db && $ROOT/ci/history.sh fetch prony.db && "
              "$PRONY list --db prony.db | grep -c complete | grep -qx 3");
}

static void test_history_says_what_is_wrong(void **state)
{
    shell_skip_unless(state, "command -v git", "git");
    make_remote(state);
    shell_expect(state, 2, "cd a && $ROOT/ci/history.sh store prony.db", "prony.db is not there or empty");
    shell_expect(state, 2, "cd a && $ROOT/ci/history.sh", "usage: history.sh");
    shell_expect(state, 2, "mkdir none && cd none && GIT_CEILING_DIRECTORIES=$W $ROOT/ci/history.sh fetch x",
                 "is not in a git repository");
    shell_expect(state, 2, "cd a && PRONY_HISTORY_REMOTE=nowhere $ROOT/ci/history.sh fetch prony.db", "'nowhere'");
    /* A branch that somebody filled with something else, and a damaged database on it. */
    shell_run(state, "cd a && git push -q origin HEAD:prony-history");
    shell_expect(state, 2, "cd a && $ROOT/ci/history.sh fetch prony.db", "has no prony.db.gz");
    shell_run(
        state,
        "cd b && git fetch -q && git checkout -q -b h origin/main && echo garbage >prony.db.gz.000 && git add . && git "
        "commit -q -m x && git push -q -f origin h:prony-history");
    shell_expect(state, 2, "cd a && $ROOT/ci/history.sh fetch prony.db", "is damaged");
    shell_run(state, "cd a && test ! -e prony.db && test ! -e prony.db.partial");
}

/* ---- comments ---- */

#define HOST                                                                                                                        \
    "rm -f port log; mkfifo life 2>/dev/null || :; { exec 9<>life; python3 $ROOT/tests/clients/fake_host.py port log <&9 9>&- & } " \
    "; for i in $(seq 100); do test -s port && break; sleep 0.05; done; "                                                           \
    "trap 'kill %1' EXIT; export GITHUB_API_URL=http://127.0.0.1:$(cat port) CI_API_V4_URL=http://127.0.0.1:$(cat port) "           \
    "GITHUB_REPOSITORY=o/r CI_PROJECT_ID=7 no_proxy=127.0.0.1\n"

static void test_comment_is_replaced(void **state)
{
    shell_skip_unless(state, "command -v python3", "python3");
    shell_skip_unless(state, "command -v curl", "curl");
    shell_skip_unless(state, "command -v jq", "jq");
    shell_run(state, HOST
              "export GITHUB_TOKEN=secret; printf '<!-- prony -->\\nfirst \"quoted\" $(x)\\n' >c.md\n"
              "$ROOT/ci/comment.sh github 5 c.md && printf '<!-- prony -->\\nsecond\\n' >c.md && $ROOT/ci/comment.sh "
              "github 5 c.md\n"
              "grep -c ^POST log | grep -qx 1 && grep -q '^PATCH /repos/o/r/issues/comments/2 Bearer secret' log && "
              "curl -s $GITHUB_API_URL/repos/o/r/issues/5/comments | jq -e 'length == 2 and (.[1].body | "
              "endswith(\"second\\n\"))'");
    shell_run(state, "rm -f port\n" HOST
                     "export PRONY_GITLAB_TOKEN=secret; $ROOT/ci/comment.sh gitlab 5 c.md && $ROOT/ci/comment.sh "
                     "gitlab 5 c.md && grep -q '^PUT /projects/7/merge_requests/5/notes/2 secret' log");
}

/* Ours may be far down. */
static void test_comment_is_found_on_later_pages(void **state)
{
    shell_skip_unless(state, "command -v python3", "python3");
    shell_skip_unless(state, "command -v curl", "curl");
    shell_skip_unless(state, "command -v jq", "jq");
    shell_run(state,
              "export FAKE_HOST_COMMENTS=250\n" HOST
              "export GITHUB_TOKEN=secret; printf '<!-- prony -->\\n' >c.md; $ROOT/ci/comment.sh github 5 c.md && "
              "$ROOT/ci/comment.sh github 5 c.md && grep -c ^POST log | grep -qx 1 && grep -q ^PATCH log");
}

static void test_comment_says_what_is_wrong(void **state)
{
    shell_skip_unless(state, "command -v python3", "python3");
    shell_skip_unless(state, "command -v curl", "curl");
    shell_skip_unless(state, "command -v jq", "jq");
    shell_run(state, "printf '<!-- prony -->\\n' >c.md; echo hello >other.md; : >empty.md");
    shell_expect(state, 2, HOST "export GITHUB_TOKEN=wrong; $ROOT/ci/comment.sh github 5 c.md", "Bad credentials");
    shell_expect(state, 2, "GITHUB_REPOSITORY=o/r GITHUB_TOKEN=t $ROOT/ci/comment.sh github '5; rm' c.md",
                 "is not the number");
    shell_expect(state, 2, "GITHUB_REPOSITORY=o/r GITHUB_TOKEN=t $ROOT/ci/comment.sh github 5 empty.md",
                 "nothing to say");
    shell_expect(state, 2, "GITHUB_REPOSITORY=o/r GITHUB_TOKEN=t $ROOT/ci/comment.sh github 5 other.md",
                 "does not begin with");
    shell_expect(state, 2, "$ROOT/ci/comment.sh forgejo 5 c.md", "is not github or gitlab");
    shell_expect(state, 2, "GITHUB_REPOSITORY=o/r $ROOT/ci/comment.sh github 5 c.md", "GITHUB_TOKEN is not set");
}

/* ---- the pipelines, on a project that is not ours ---- */

/* Two kernels whose time is the number of steps they do, a nanosecond each, and up to 3 % of luck from a sequence that
 * is always the same ($LUCK counts its members): how busy this machine is decides nothing. tests/study/pull_request.sh
 * asks real clocks. */
#define PROJECT                                                                                                         \
    "git init -q -b main project && cd project\n"                                                                       \
    "cat >kernels.c <<'EOF'\n"                                                                                          \
    "#include \"kernels.h\"\n"                                                                                          \
    "unsigned dot(unsigned x) { for (int i = 0; i < 20000; i++, steps++) x = x * 1664525u + 1013904223u; return x; }\n" \
    "unsigned scale(unsigned x) { for (int i = 0; i < 20000; i++, steps++) x = (x ^ (x >> 7)) * 31u; return x; }\n"     \
    "EOF\n"                                                                                                             \
    "cat >kernels.h <<'EOF'\n"                                                                                          \
    "extern unsigned long steps;\nunsigned dot(unsigned x);\nunsigned scale(unsigned x);\n"                             \
    "EOF\n"                                                                                                             \
    "cp $ROOT/tests/clients/counting_suite.c bench.c\n"                                                                 \
    "printf '%s\\n' 'bin/bench: bench.c kernels.c' '\t@mkdir -p bin' '\t@cc -std=gnu11 -O1 -o $@ bench.c kernels.c' "   \
    ">Makefile\n"                                                                                                       \
    "printf '%s\\n' '[project]' 'build = make' 'programs = bin' '[suite bench]' 'program = bench' >prony.conf\n"        \
    "echo bin >.gitignore\n"                                                                                            \
    "commit() { git add . && git commit -q -m \"$1\"; }; commit first\n"
/* A twentieth more work in one kernel; in the other something that makes other code and takes no time. */
#define SLOWER   "sed -i '/dot/s/20000/21000/' kernels.c && commit 'dot: more careful'\n"
#define INNOCENT "echo 'int version(void) { return 2; }' >>kernels.c && commit 'version'\n"
#define COMPARE                                                                                                                     \
    "echo 0 >$W/luck; export LUCK=$W/luck; PRONY_BUDGET=200s $ROOT/ci/pull-request.sh $(git rev-parse main~1 main) -- --no-doctor " \
    "--seed 1\n"

/* A planted slowdown of 5 % is caught and named, in the comment, the annotations and the exit status. */
static void test_pull_request_catches_a_slower_kernel(void **state)
{
    shell_skip_unless(state, "command -v git", "git");
    shell_skip_unless(state, "command -v jq", "jq");
    shell_run(state, PROJECT SLOWER);
    shell_expect(state, 1, "cd project; export GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$W/summary\n" COMPARE,
                 "::error");
    shell_run(
        state,
        "cd project/prony-out && { ! command -v gnuplot || test -s forest.png; } && head -n 1 comment.md | grep -q '^<!-- prony' && ! grep -E '[0-9a-f]{40}' comment.md && ! grep \"$ROOT\" comment.md && grep -q 'BM_dot' comment.md && "
        "cmp comment.md $W/summary && grep -q '<failure' junit.xml && grep -q BM_dot junit.xml && jq -e "
        "'.runs[0].results | map(.message.text) | join(\" \") | test(\"BM_dot\") and (test(\"BM_scale\") | not)' "
        "prony.sarif");
}

/* The same slowdown with the label passes, and says who wanted it; a label of too small a share does not help. */
static void test_pull_request_accepts_by_label(void **state)
{
    shell_skip_unless(state, "command -v git", "git");
    shell_skip_unless(state, "command -v jq", "jq");
    shell_run(state, PROJECT SLOWER);
    shell_expect(
        state, 0,
        "cd project; export PRONY_LABELS=bug,prony-accepted PRONY_LABEL_AUTHOR=ada PRONY_CHANGE='#7'\n" COMPARE, "ada");
    shell_expect(state, 1,
                 "cd project; export PRONY_LABELS=prony-accepted:2% PRONY_LABEL_AUTHOR=ada PRONY_CHANGE='#7'\n" COMPARE,
                 "regressed");
    shell_expect(state, 2, "cd project; export PRONY_LABELS=prony-accepted:lots PRONY_LABEL_AUTHOR=ada\n" COMPARE,
                 "expected prony-accepted");
}

static void test_pull_request_passes_an_innocent_commit(void **state)
{
    shell_skip_unless(state, "command -v git", "git");
    shell_skip_unless(state, "command -v jq", "jq");
    shell_run(state, PROJECT INNOCENT);
    shell_run(state, "cd project; " COMPARE "grep -q '^<!-- prony' prony-out/comment.md");
}

/* What cannot be built is 2, and the comment says so. */
static void test_pull_request_that_does_not_build(void **state)
{
    shell_skip_unless(state, "command -v git", "git");
    shell_skip_unless(state, "command -v jq", "jq");
    shell_run(state, PROJECT "echo 'this is no C' >>kernels.c && commit broken");
    shell_expect(state, 2, "cd project; " COMPARE, "no C");
    shell_run(state, "grep -q 'could not compare' project/prony-out/comment.md");
}

/* ---- nights ---- */

/* A suite whose time is $TIME and a little luck, so that a history is there in no time: the pipeline is tested, not the
 * machine. */
#define NIGHTS                                                                                                                                    \
    "cat >suite <<'EOF'\n#!/bin/sh\ncase \"$*\" in *list_tests*) echo BM_x; exit;; esac\n"                                                        \
    "luck=$(($(cat luck 2>/dev/null || echo 0) * 7 % 10)); echo $(($(cat luck 2>/dev/null || echo 0) + 1)) >luck\n"                               \
    "echo \"{\\\"context\\\":{},\\\"benchmarks\\\":[{\\\"name\\\":\\\"BM_x\\\",\\\"run_name\\\":\\\"BM_x\\\",\\\"run_type\\\":"                   \
    "\\\"iteration\\\",\\\"iterations\\\":10,\\\"real_time\\\":$TIME.$luck,\\\"cpu_time\\\":$TIME.$luck,\\\"time_unit\\\":\\\"ns\\\"}]}\"\nEOF\n" \
    "chmod +x suite; printf '[suite s]\\nprogram = ./suite\\nrounds = 3\\n' >t.plan\n"                                                            \
    "night() { local status=0; TIME=$1 $ROOT/ci/nightly.sh t.plan -- --quiet >night.log 2>&1 || status=$?; "                                      \
    "[ $status = $2 ] || { cat night.log; echo \"$1: $status instead of $2\"; exit 9; }; }\n"

static void test_nights(void **state)
{
    /* The first nights have nothing to compare with and are green; the suite gets slower by 5 %: the first
     * slow night may be luck, the third is not. */
    shell_run(
        state, NIGHTS
        "night 100 0; for i in 1 2 3 4 5 6 7; do TIME=100 $PRONY run t.plan --quiet >/dev/null; done; night 100 0; "
        "test -s prony-out/summary.md && test -s prony-out/site/index.html && grep -q '<testcase' prony-out/junit.xml\n"
        "night 105 3; PRONY_UNDECIDED=pass night 105 0; night 105 1; grep -q BM_x prony-out/summary.md\n"
        "$PRONY list | grep -c complete | grep -qx 12");
    /* What cannot run is 2, and loses nothing. */
    shell_expect(state, 2, "echo 'exit 1' >suite; $ROOT/ci/nightly.sh t.plan; exit $?", "could not run");
    shell_expect(state, 2, "$ROOT/ci/nightly.sh none.plan", "none.plan");
    shell_run(state, "$PRONY list | grep -c complete | grep -qx 12");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_make, world_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_history_begins_and_grows),
        TEST(test_history_merges_who_was_faster),
        TEST(test_history_says_what_is_wrong),
        TEST(test_comment_is_replaced),
        TEST(test_comment_is_found_on_later_pages),
        TEST(test_comment_says_what_is_wrong),
        TEST(test_pull_request_catches_a_slower_kernel),
        TEST(test_pull_request_accepts_by_label),
        TEST(test_pull_request_passes_an_innocent_commit),
        TEST(test_pull_request_that_does_not_build),
        TEST(test_nights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
