/* compare_confirm.c: does fresh data say the same?
 *
 * `prony ab` measures again what a look called regressed or improved: an attempt, of as many pairs as the call had. Its
 * rounds have numbers of their own, from options.confirm_from on, so that an attempt can be told from the rounds that
 * looks judge. The newest attempt of a case counts as fresh: no call has seen it. Whatever was measured before it,
 * earlier attempts included, is what the looks judge; and if blocks followed it, it is among that, too. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include "harness/stats/paired.h"
#include <math.h>

/* Rounds that looks judge are attempt -1. */
static int attempt_of_round(int round, int confirm_from)
{
    return round < confirm_from ? -1 : (round - confirm_from) / confirm_from;
}

/* The attempt with which the measuring of this case ended; -1 = it ended with blocks that looks judge. */
static int last_attempt(const struct store_case *item, int confirm_from)
{
    size_t newest = 0;
    for (size_t i = 1; i < item->sample_count; i++)
        if (item->processes[i] > item->processes[newest])
            newest = i;
    return item->sample_count ? attempt_of_round(item->rounds[newest], confirm_from) : -1;
}

const double *compare_part_of(const struct compare_context *context, const struct store_case *item, const double *times,
                              enum compare_part_kind part)
{
    int from = context->paired ? context->options->confirm_from : 0, last = from > 0 ? last_attempt(item, from) : -1;
    if (last < 0 && part == COMPARE_JUDGED)
        return times;
    double *kept = arena_array(context->arena, item->sample_count + 1, sizeof *kept);
    for (size_t i = 0; i < item->sample_count; i++) {
        bool fresh = last >= 0 && attempt_of_round(item->rounds[i], from) == last;
        kept[i] = fresh == (part == COMPARE_FRESH) ? times[i] : (double)NAN;
    }
    return kept;
}

static bool is_call(const struct compare_metric *time)
{
    return time->verdict == JUDGE_REGRESSED || time->verdict == JUDGE_IMPROVED;
}

/* In the same direction, not by luck, and by more than what does not matter. */
static bool agrees(const struct compare_metric *time)
{
    const struct compare_confirmation *again = &time->confirmation;
    return again->effect * time->effect > 0 && again->p <= JUDGE_ALPHA && fabs(again->effect) >= time->floor;
}

static void take_back(struct compare_metric *time, const char *reason)
{
    time->verdict = JUDGE_UNDECIDED;
    time->reason = reason;
}

static const char *say(const struct compare_context *context, const struct compare_confirmation *again,
                       const char *word)
{
    if (!isfinite(again->interval.low) || !isfinite(again->interval.high))
        return arena_format(context->arena, "%s: %+.1f %% in %zu fresh pair%s, too few to tell", word,
                            judge_percent(again->effect), again->pairs, again->pairs == 1 ? "" : "s");
    return arena_format(context->arena, "%s: %+.1f %% [%+.1f, %+.1f] in %zu fresh pair%s", word,
                        judge_percent(again->effect), judge_percent(again->interval.low),
                        judge_percent(again->interval.high), again->pairs, again->pairs == 1 ? "" : "s");
}

void compare_confirm(const struct compare_context *context, struct compare_metric *time, const double *differences,
                     size_t count)
{
    struct compare_confirmation *again = &time->confirmation;
    if (!context->paired || context->options->confirm_from <= 0 || !is_call(time))
        return;
    if (count == 0) {
        again->state = COMPARE_UNMEASURED;
        take_back(time, arena_format(context->arena, "not confirmed: %+.1f %% [%+.1f, %+.1f] was not measured again",
                                     judge_percent(time->effect), judge_percent(time->interval.low),
                                     judge_percent(time->interval.high)));
        return;
    }
    struct stats_paired paired = stats_paired(differences, count, JUDGE_CONFIDENCE, context->options->seed);
    bool shape = paired.skewed || paired.bimodal;
    again->pairs = count;
    again->effect = shape ? stats_median(differences, count) : paired.estimate;
    again->interval = shape ? paired.sign_interval : paired.interval;
    again->p = paired.p;
    again->state = agrees(time) ? COMPARE_FRESH_AGREES : COMPARE_FRESH_DIFFERS;
    if (again->state == COMPARE_FRESH_DIFFERS)
        take_back(time, say(context, again, "not confirmed"));
    else
        time->reason = time->reason
                           ? arena_format(context->arena, "%s; %s", say(context, again, "confirmed"), time->reason)
                           : say(context, again, "confirmed");
}

void compare_confirm_case(const struct compare_context *context, struct compare_case *item)
{
    if (!context->paired || context->options->confirm_from <= 0 || !is_call(&item->time))
        return;
    struct compare_series fresh = compare_series_of(context, item, COMPARE_FRESH);
    compare_confirm(context, &item->time, fresh.differences, fresh.count);
}
