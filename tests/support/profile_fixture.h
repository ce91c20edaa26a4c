/* profile_fixture.h: small made-up profiles, the same on every machine. */
#ifndef PRONY_TESTS_PROFILE_FIXTURE_H
#define PRONY_TESTS_PROFILE_FIXTURE_H

#include "reports/profile.h"

enum profile_fixture {
    PROFILE_FIXTURE_BASE,    /* two threads, inlined, kernel and unknown frames, recursion; 1000 samples of 2 ms */
    PROFILE_FIXTURE_CHANGED, /* one kernel replaced by another, one function a little slower */
    PROFILE_FIXTURE_HOSTILE  /* names that try to break out of HTML, JSON, Markdown, the terminal, folded lines */
};

/* profile->stacks is *stacks, which the caller releases. */
void profile_fixture_make(enum profile_fixture which, struct profile *profile, struct stacks **stacks);

#endif
