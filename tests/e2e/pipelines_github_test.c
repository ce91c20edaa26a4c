/* pipelines_github_test.c: GitHub's workflows from their first line to the last, as the host would run them
 * (tests/pipelines), in a project that is not Prony and whose times are counted. */
#include "tests/support/shell.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define HOST ". $ROOT/tests/pipelines/host.sh\n"

/* The programs that the pipelines take are those of the release build, whatever the variant. */
static void skip_without_tools(void **state)
{
    shell_skip_unless(state, "[ \"${PRONY_VARIANT:-release}\" = release ]", "programs of this variant in a pipeline");
    shell_skip_unless(state, "command -v git && command -v jq && command -v curl && command -v cc",
                      "git, jq, curl and cc");
    shell_skip_unless(state, "python3 -c 'import yaml' || /usr/bin/python3 -c 'import yaml'", "python3-yaml");
}

/* A slower kernel fails the check, is named in annotations and in a comment. */
static void test_slower_request(void **state)
{
    skip_without_tools(state);
    shell_run(state,
              HOST "github pull_request number=5 action=opened\n"
                   "have '.[0].conclusion == \"failure\" and .[0].jobs.compare.name == \"compare\"'\n"
                   "have '.[0].group == \"prony-5\" and .[1].conclusion == \"success\"'\n"
                   "have '.[0].jobs.compare.annotations | map(select(.kind == \"error\")) | tostring | "
                   "test(\"BM_dot\") and (test(\"BM_scale\") | not)'\n"
                   "have '.[0].jobs.compare.summary | test(\"BM.*_dot\")'\n"
                   "comments 'map(select(.request == \"5\")) | length == 1 and (.[0].body | test(\"<!-- prony\") and "
                   "test(\"Regressed\"))'\n"
                   /* A label that is none of ours: no measurement is cancelled, no check hidden, no word said. */
                   "cp host/comments.json before.json\n"
                   "github pull_request number=5 action=labeled label=bug\n"
                   "have '.[0].conclusion == \"skipped\" and .[0].jobs.compare.name != \"compare\"'\n"
                   "have '.[0].group != \"prony-5\" and .[1].conclusion == \"skipped\"'\n"
                   "cmp before.json host/comments.json\n"
                   /* Ours passes it, and the comment is replaced. */
                   "sed -i 's/\\[\\]/[\"bug\", \"prony-accepted\"]/' host/pulls/5.json\n"
                   "github pull_request number=5 action=labeled label=prony-accepted actor=grace\n"
                   "have '.[0].conclusion == \"success\" and .[0].group == \"prony-5\"'\n"
                   "comments 'map(select(.request == \"5\")) | length == 1 and (.[0].body | test(\"grace\"))'\n");
}

static void test_innocent_and_broken_requests(void **state)
{
    skip_without_tools(state);
    shell_run(state,
              HOST "github pull_request number=7 action=opened\n"
                   "have '.[0].jobs.compare.steps | map(select(.name == \"Measure and judge\"))[0].status == 2'\n"
                   "have '.[0].conclusion == \"failure\" and .[1].conclusion == \"success\"'\n"
                   "comments 'map(select(.request == \"7\"))[0].body | test(\"could not compare\")'\n"
                   "github pull_request number=6 action=opened\n"
                   "have 'map(.conclusion) == [\"success\", \"success\"]'\n"
                   "comments 'map(select(.request == \"6\")) | length == 1'\n"
                   /* What was measured is no longer the request's head: nothing is said. */
                   "rm host/comments.json\n"
                   "github pull_request number=6 action=synchronize moves=broken\n"
                   "have 'map(.conclusion) == [\"success\", \"success\"]'\n"
                   "test ! -e host/comments.json\n");
}

/* The first night is green and begins the history; a kernel that got slower is undecided at first and fails the third
 * night, which is kept, too, and so is its site. */
static void test_nights(void **state)
{
    skip_without_tools(state);
    shell_run(state, HOST "github schedule\n"
                          "have '.[0].conclusion == \"success\" and .[0].jobs.pages.conclusion == \"success\"'\n"
                          "have '.[0].jobs.measure.annotations | tostring | test(\"nothing to compare with yet\")'\n"
                          "test -s host/pages/index.html && test -s host/code-scanning.json\n"
                          "nights 7; merge slow; nights 1\n"
                          "github schedule\n"
                          "have '.[0].conclusion == \"success\"'\n"
                          "have '.[0].jobs.measure.annotations | tostring | test(\"undecided\")'\n"
                          "github schedule\n"
                          "have '.[0].conclusion == \"failure\" and .[0].jobs.pages.conclusion == \"success\"'\n"
                          "have '.[0].jobs.measure.annotations | map(select(.kind == \"error\")) | tostring | "
                          "test(\"BM_dot\") and (test(\"BM_scale\") | not)'\n"
                          "have '.[0].jobs.measure.summary | test(\"BM.*_dot\")'\n"
                          "jq -e '.runs[0].results | tostring | test(\"BM_dot\")' host/code-scanning.json\n"
                          "cd host/mine && $ROOT/ci/history.sh fetch prony.db\n"
                          "$PRONY list --db prony.db | grep -c 'complete.* main$' | grep -qx 11\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_make, world_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_slower_request),
        TEST(test_innocent_and_broken_requests),
        TEST(test_nights),
    };
    return world_is_left_out(true) ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
