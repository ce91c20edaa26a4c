/* pipelines_test.c: the workflows of GitHub and the pipeline of GitLab from their first line to the last, as their
 * hosts would run them (tests/pipelines), in a project that is not Prony and whose times are counted. */
#include "tests/support/shell.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A host with the project and requests 5 (one kernel 5 % slower), 6 (innocent) and 7 (does not build).
 * github/gitlab EVENT...: what happens there is in the file runs. have CONDITION: of jq, over all of these. */
#define HOST                                                                                                              \
    "for python in python3 /usr/bin/python3; do $python -c 'import yaml' 2>/dev/null && break; done\n"                    \
    "dir=$ROOT/tests/pipelines\n"                                                                                         \
    "logs() { echo \"$1\"; cat runs; tail -n 40 host/log/*/*.log; exit 9; }\n"                                            \
    "github() { $python $dir/github.py host \"$@\" >runs || logs \"$*\"; }\n"                                             \
    "gitlab() { $python $dir/gitlab.py host \"$@\" >runs || logs \"$*\"; }\n"                                             \
    "have() { jq -e -s \"$1\" runs >/dev/null || logs \"not so: $1\"; }\n"                                                \
    "comments() { jq -e \"$1\" host/comments.json >/dev/null || { cat host/comments.json; logs \"no comment: $1\"; } }\n" \
    "[ -e host ] || { mkdir host; $python $dir/server.py make host; $dir/project.sh host; }\n"
#define GITHUB \
    HOST       \
        "echo '{\"PRONY_REPOSITORY\": \"p/prony\", \"PRONY_PAGES\": \"true\", \"PRONY_CODE_SCANNING\": \"true\"}' >host/vars.json\n"
#define GITLAB                                                                            \
    HOST "echo '{\"PRONY_REPOSITORY\": \"https://gitlab.test/p/prony.git\", \"scoped\": " \
         "{\"prony\": {\"PRONY_GITLAB_TOKEN\": \"project-token\"}}}' >host/vars.json\n"

static void skip_without_tools(void **state)
{
    shell_skip_unless(state, "command -v git", "git");
    shell_skip_unless(state, "command -v jq", "jq");
    shell_skip_unless(state, "command -v curl", "curl");
    shell_skip_unless(state, "python3 -c 'import yaml' || /usr/bin/python3 -c 'import yaml'", "python3-yaml");
}

/* A slower kernel fails the check, is named in annotations and in a comment; the label passes it and replaces the
 * comment. A label that is none of ours changes nothing: no measurement is cancelled, no check hidden, no word said. */
static void test_github_request(void **state)
{
    skip_without_tools(state);
    shell_run(
        state, GITHUB
        "github pull_request number=5 action=opened\n"
        "have '.[0].conclusion == \"failure\" and .[0].jobs.compare.name == \"compare\" and .[0].group == \"prony-5\"'\n"
        "have '.[0].jobs.compare.annotations | map(select(.kind == \"error\")) | tostring | test(\"BM_dot\") and (test(\"BM_scale\") | not)'\n"
        "have '.[0].jobs.compare.summary | test(\"BM.*_dot\")'\n"
        "have '.[1].conclusion == \"success\"'\n"
        "comments 'map(select(.request == \"5\")) | length == 1 and (.[0].body | test(\"<!-- prony\") and test(\"Regressed\"))'\n"
        "cp host/comments.json before.json\n"
        "github pull_request number=5 action=labeled label=bug\n"
        "have '.[0].conclusion == \"skipped\" and .[0].jobs.compare.name != \"compare\" and .[0].group != \"prony-5\"'\n"
        "have '.[1].conclusion == \"skipped\"'\n"
        "cmp before.json host/comments.json\n"
        "sed -i 's/\\[\\]/[\"bug\", \"prony-accepted\"]/' host/pulls/5.json\n"
        "github pull_request number=5 action=labeled label=prony-accepted actor=grace\n"
        "have '.[0].conclusion == \"success\" and .[0].group == \"prony-5\" and .[1].conclusion == \"success\"'\n"
        "comments 'map(select(.request == \"5\")) | length == 1 and (.[0].body | test(\"grace\"))'\n");
}

static void test_github_innocent_and_broken_requests(void **state)
{
    skip_without_tools(state);
    shell_run(state,
              GITHUB "github pull_request number=6 action=opened\n"
                     "have 'map(.conclusion) == [\"success\", \"success\"]'\n"
                     "comments 'map(select(.request == \"6\")) | length == 1'\n"
                     "github pull_request number=7 action=opened\n"
                     "have '.[0].jobs.compare.steps | map(select(.name == \"Measure and judge\"))[0].status == 2'\n"
                     "have '.[0].conclusion == \"failure\" and .[1].conclusion == \"success\"'\n"
                     "comments 'map(select(.request == \"7\"))[0].body | test(\"could not compare\")'\n"
                     /* What was measured is no longer the request's head: nothing is said. */
                     "rm host/comments.json\n"
                     "github pull_request number=6 action=synchronize moves=broken\n"
                     "have '.[1].conclusion == \"success\"'\n"
                     "test ! -e host/comments.json\n");
}

static void test_gitlab_requests(void **state)
{
    skip_without_tools(state);
    shell_run(
        state, GITLAB
        "gitlab merge_request number=5\n"
        "have '.[0].status == \"failed\" and .[0].jobs.\"prony-merge-request\".exit == 1'\n"
        "have '.[0].jobs.\"prony-merge-request\".artifacts == [\"prony.db\", \"prony-out\", \"prony-out/junit.xml\"]'\n"
        "have '.[0].jobs.\"prony-comment\".status == \"success\"'\n"
        "comments 'map(select(.request == \"5\")) | length == 1 and (.[0].body | test(\"BM.*_dot\"))'\n"
        "gitlab merge_request number=6\n"
        "have '.[0].status == \"success\"'\n"
        "sed -i 's/\\[\\]/[\"prony-accepted:10%\"]/' host/pulls/5.json\n"
        "gitlab merge_request number=5\n"
        "have '.[0].status == \"success\"'\n"
        "comments 'map(select(.request == \"5\")) | length == 1 and (.[0].body | test(\"ada\"))'\n"
        "gitlab merge_request number=7\n"
        "have '.[0].status == \"failed\" and .[0].jobs.\"prony-merge-request\".exit == 2'\n"
        "comments 'map(select(.request == \"7\"))[0].body | test(\"could not compare\")'\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_make, world_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_github_request),
        TEST(test_github_innocent_and_broken_requests),
        TEST(test_gitlab_requests),
    };
    return world_is_left_out(true) ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
