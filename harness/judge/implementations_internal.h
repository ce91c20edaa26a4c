/* implementations_internal.h: what the files of implementations.h share. Nothing else includes it. */
#ifndef PRONY_JUDGE_IMPLEMENTATIONS_INTERNAL_H
#define PRONY_JUDGE_IMPLEMENTATIONS_INTERNAL_H

#include "harness/judge/compare_internal.h"
#include "harness/judge/implementations.h"

/* A case that has the dimension. */
struct implementation_member {
    const struct store_case *source;
    const char *suite, *pattern, *value; /* suite "" where suites are what differs */
    size_t value_index;
};

struct implementation_builder {
    struct implementations *out;
    const struct implementation_options *options;
    const struct store_fact *facts;
    size_t fact_count;
    struct implementation_member *members;
    size_t count;
    struct compare_context context; /* how metrics are measured */
    struct arena *arena;
};

/* implementation_members.c: cases that differ in the dimension alone; its values in their order, and the baseline. */
int implementation_choose(struct implementation_builder *builder, const struct store_case *cases, size_t count,
                          struct error *error);
bool implementation_same_group(const struct implementation_member *a, const struct implementation_member *b);

/* implementation_cells.c: what is compared in a group, and each cell against the baseline. */
void implementation_measure(const struct implementation_builder *builder, struct implementation_group *group);

/* implementation_phases.c: operations by their spans, and what they leave unexplained. */
void implementation_fill_phases(const struct implementation_builder *builder, struct implementation_group *group);

#endif
