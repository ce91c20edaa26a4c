/* schedule.c: shuffles cases into processes and processes into a round. */
#include "harness/run/schedule.h"
#include "harness/base/rng.h"
#include <stdbool.h>
#include <string.h>

/* Cuts a suite's shuffled cases into units of at most group cases with equal CPUs. */
static size_t make_units(const struct schedule_suite *suite, size_t suite_index, size_t *order, struct arena *arena,
                         struct schedule_unit *units)
{
    size_t unit_count = 0;
    bool *taken = arena_array(arena, suite->case_count, sizeof *taken);
    for (size_t first = 0; first < suite->case_count; first++) {
        if (taken[first])
            continue;
        size_t *members = arena_array(arena, (size_t)suite->group, sizeof *members);
        size_t count = 0;
        for (size_t i = first; i < suite->case_count && count < (size_t)suite->group; i++) {
            if (taken[i] || !CPU_EQUAL(&suite->cpus[order[i]], &suite->cpus[order[first]]))
                continue;
            taken[i] = true;
            members[count++] = order[i];
        }
        units[unit_count++] = (struct schedule_unit){ .suite = suite_index, .cases = members, .case_count = count };
    }
    return unit_count;
}

void schedule_round(const struct schedule_suite *suites, size_t suite_count, uint64_t seed, int round,
                    struct arena *arena, struct schedule_unit **units, size_t *count)
{
    struct rng rng;
    rng_seed(&rng, rng_mix(seed, (uint64_t)round));
    size_t total = 0;
    for (size_t s = 0; s < suite_count; s++)
        total += suites[s].case_count;
    struct schedule_unit *plain = arena_array(arena, total, sizeof *plain);
    size_t made = 0;
    for (size_t s = 0; s < suite_count; s++) {
        if (round >= suites[s].rounds)
            continue;
        size_t *order = arena_array(arena, suites[s].case_count, sizeof *order);
        for (size_t i = 0; i < suites[s].case_count; i++)
            order[i] = i;
        rng_shuffle(&rng, order, suites[s].case_count);
        made += make_units(&suites[s], s, order, arena, plain + made);
    }
    size_t *order = arena_array(arena, made, sizeof *order);
    for (size_t i = 0; i < made; i++)
        order[i] = i;
    rng_shuffle(&rng, order, made);
    *units = arena_array(arena, made, sizeof **units);
    for (size_t i = 0; i < made; i++)
        (*units)[i] = plain[order[i]];
    *count = made;
}
