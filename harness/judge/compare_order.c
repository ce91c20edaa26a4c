/* compare_order.c: the order in which people want to read cases, and a comparison in one line. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include <math.h>
#include <stdlib.h>

static double size_of_change(const struct compare_case *item)
{
    return isfinite(item->time.effect) ? fabs(item->time.effect) : 0;
}

/* Improved before undecided: what is known comes first. */
static int place(enum judge_verdict verdict)
{
    if (verdict == JUDGE_IMPROVED || verdict == JUDGE_UNDECIDED)
        return verdict == JUDGE_IMPROVED ? 3 : 4;
    return 6 - compare_rank(verdict) + (verdict == JUDGE_EQUIVALENT || verdict == JUDGE_NEW ? 2 : 0);
}

/* Where nothing else tells, the order of the run does. */
static int by_badness(const void *a, const void *b)
{
    const struct compare_case *x = *(struct compare_case *const *)a, *y = *(struct compare_case *const *)b;
    int order = place(x->verdict) - place(y->verdict);
    if (order)
        return order;
    double difference = size_of_change(y) - size_of_change(x);
    if (difference != 0)
        return difference > 0 ? 1 : -1;
    return (x > y) - (x < y);
}

void compare_sort(const struct comparison *comparison, struct compare_case **sorted)
{
    for (size_t i = 0; i < comparison->case_count; i++)
        sorted[i] = &comparison->cases[i];
    qsort(sorted, comparison->case_count, sizeof *sorted, by_badness);
}

size_t compare_sort_groups(const struct comparison *comparison, const struct compare_group **sorted)
{
    size_t count = 0;
    for (size_t s = 0; s < comparison->group_count; s++) {
        const struct compare_group *suite = &comparison->groups[s];
        if (*suite->operation)
            continue;
        sorted[count++] = suite;
        for (size_t i = 0; i < comparison->group_count; i++) {
            const struct compare_group *group = &comparison->groups[i];
            if (*group->operation && group->count > 1 && str_equal(group->suite, suite->suite))
                sorted[count++] = group;
        }
    }
    return count;
}

enum judge_verdict compare_group_verdict(const struct compare_group *group)
{
    return group->identical ? JUDGE_EQUIVALENT : group->time.verdict;
}

const char *compare_line(const struct comparison *comparison, struct arena *arena)
{
    static const enum judge_verdict order[] = { JUDGE_WRONG,      JUDGE_FAILED,    JUDGE_REGRESSED, JUDGE_IMPROVED,
                                                JUDGE_EQUIVALENT, JUDGE_UNDECIDED, JUDGE_NEW };
    const char *text = NULL;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (comparison->verdicts[order[i]])
            text = arena_format(arena, "%s%s%zu %s", text ? text : "", text ? ", " : "", comparison->verdicts[order[i]],
                                judge_verdict_name(order[i]));
    }
    return text ? text : "no case on both sides";
}
