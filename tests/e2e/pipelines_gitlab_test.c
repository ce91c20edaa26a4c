/* pipelines_gitlab_test.c: GitLab's pipeline from its first line to the last, as the host would run it
 * (tests/pipelines), in a project that is not Prony and whose times are counted. */
#include "tests/support/shell.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define HOST                                                                         \
    ". $ROOT/tests/pipelines/host.sh\n"                                              \
    "echo '{\"PRONY_REPOSITORY\": \"https://gitlab.test/p/prony.git\", \"scoped\": " \
    "{\"prony\": {\"PRONY_GITLAB_TOKEN\": \"project-token\"}}}' >host/vars.json\n"

/* The programs that the pipelines take are those of the release build, whatever the variant. */
static void skip_without_tools(void **state)
{
    shell_skip_unless(state, "[ \"${PRONY_VARIANT:-release}\" = release ]", "programs of this variant in a pipeline");
    shell_skip_unless(state, "command -v git && command -v jq && command -v curl && command -v cc",
                      "git, jq, curl and cc");
    shell_skip_unless(state, "python3 -c 'import yaml' || /usr/bin/python3 -c 'import yaml'", "python3-yaml");
}

static void test_requests(void **state)
{
    skip_without_tools(state);
    shell_run(state,
              HOST "gitlab merge_request number=5\n"
                   "have '.[0].status == \"failed\" and .[0].jobs.\"prony-merge-request\".exit == 1'\n"
                   "have '.[0].jobs.\"prony-merge-request\".artifacts == [\"prony.db\", \"prony-out\", "
                   "\"prony-out/junit.xml\"]'\n"
                   "have '.[0].jobs.\"prony-comment\".status == \"success\"'\n"
                   "comments 'map(select(.request == \"5\")) | length == 1 and (.[0].body | test(\"BM.*_dot\"))'\n"
                   "sed -i 's/\\[\\]/[\"prony-accepted:10%\"]/' host/pulls/5.json\n"
                   "gitlab merge_request number=5\n"
                   "have '.[0].status == \"success\"'\n"
                   "comments 'map(select(.request == \"5\")) | length == 1 and (.[0].body | test(\"ada\"))'\n"
                   "gitlab merge_request number=6\n"
                   "have '.[0].status == \"success\"'\n"
                   "gitlab merge_request number=7\n"
                   "have '.[0].status == \"failed\" and .[0].jobs.\"prony-merge-request\".exit == 2'\n"
                   "comments 'map(select(.request == \"7\"))[0].body | test(\"could not compare\")'\n");
}

/* Undecided is a warning here. */
static void test_nights(void **state)
{
    skip_without_tools(state);
    shell_run(state, HOST "gitlab schedule\n"
                          "have '.[0].status == \"success\" and (.[0].jobs | keys) == [\"prony-nightly\"]'\n"
                          "nights 7; merge slow; nights 1\n"
                          "gitlab schedule\n"
                          "have '.[0].status == \"success\" and .[0].jobs.\"prony-nightly\".status == \"warning\"'\n"
                          "gitlab schedule\n"
                          "have '.[0].status == \"failed\" and .[0].jobs.\"prony-nightly\".exit == 1'\n"
                          "grep -q BM_dot host/artifacts/*/prony-nightly/prony-out/junit.xml\n"
                          "cd host/mine && $ROOT/ci/history.sh fetch prony.db\n"
                          "$PRONY list --db prony.db | grep -c 'complete.* main$' | grep -qx 11\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_make, world_remove)
    const struct CMUnitTest tests[] = { TEST(test_requests), TEST(test_nights) };
    return world_is_left_out(true) ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
