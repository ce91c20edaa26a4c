#include "harness/run/ci_branch.h"
#include "harness/base/str.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *ci_branch(const char *commit)
{
    static const char heads[] = "refs/heads/";
    const char *reference = getenv("GITHUB_REF"), *branch = getenv("CI_COMMIT_BRANCH");
    if (reference && str_equal(getenv("GITHUB_SHA"), commit) && strncmp(reference, heads, strlen(heads)) == 0)
        return reference + strlen(heads);
    if (branch && *branch && str_equal(getenv("CI_COMMIT_SHA"), commit))
        return branch;
    return NULL;
}
