/* judgement_fixture.h: made-up but realistic judgements, the same on every machine. */
#ifndef PRONY_TESTS_JUDGEMENT_FIXTURE_H
#define PRONY_TESTS_JUDGEMENT_FIXTURE_H

#include "reports/judgement.h"

enum judgement_fixture {
    JUDGEMENT_FIXTURE_FULL,     /* every verdict, counters, attribution, targets, tiers, acknowledgements, warnings */
    JUDGEMENT_FIXTURE_CLEAN,    /* a few cases, all equivalent, nothing gated */
    JUDGEMENT_FIXTURE_EMPTY,    /* two runs that share no case */
    JUDGEMENT_FIXTURE_NOTHING,  /* neither a comparison nor a gate */
    JUDGEMENT_FIXTURE_TARGETS,  /* a gate with targets only */
    JUDGEMENT_FIXTURE_UNPAIRED, /* two candidates against one base, not interleaved, other machine */
    JUDGEMENT_FIXTURE_HOSTILE,  /* names that try to break out of every format */
    JUDGEMENT_FIXTURE_MANY      /* 2,000 cases, a third of them regressed, some improved, long names */
};

/* Everything lives in the arena. */
void judgement_fixture_make(enum judgement_fixture which, struct judgement *judgement, struct arena *arena);

#endif
