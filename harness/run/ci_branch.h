/* ci_branch.h: the branch that a CI system checked out without saying so to git. */
#ifndef PRONY_RUN_CI_BRANCH_H
#define PRONY_RUN_CI_BRANCH_H

/* The branch whose head that commit is, by the variables of GitHub Actions or GitLab; NULL if they are not there or
 * speak of another commit or of a tag or request. Borrowed from the environment. */
const char *ci_branch(const char *commit);

#endif
