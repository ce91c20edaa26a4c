/* ci_branch_test.c: a branch is believed only where the variables speak of the commit that is there. */
#include "harness/run/ci_branch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void set(const char *reference, const char *sha, const char *branch, const char *commit)
{
    const char *const pairs[][2] = {
        { "GITHUB_REF", reference }, { "GITHUB_SHA", sha }, { "CI_COMMIT_BRANCH", branch }, { "CI_COMMIT_SHA", commit }
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        pairs[i][1] ? setenv(pairs[i][0], pairs[i][1], 1) : unsetenv(pairs[i][0]);
}

static void test_branches(void **state)
{
    (void)state;
    set(NULL, NULL, NULL, NULL);
    assert_null(ci_branch("abc"));
    set("refs/heads/topic/one", "abc", NULL, NULL);
    assert_string_equal(ci_branch("abc"), "topic/one");
    assert_null(ci_branch("abd"));
    set("refs/pull/5/merge", "abc", NULL, NULL);
    assert_null(ci_branch("abc"));
    set("refs/tags/v1", "abc", NULL, NULL);
    assert_null(ci_branch("abc"));
    set(NULL, NULL, "main", "abc");
    assert_string_equal(ci_branch("abc"), "main");
    assert_null(ci_branch("abd"));
    set(NULL, NULL, NULL, "abc"); /* a merge request's pipeline has no branch */
    assert_null(ci_branch("abc"));
    set(NULL, NULL, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_branches) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
