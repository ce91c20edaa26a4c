/* gate_confirm.c: see gate_confirm.h. */
#include "harness/judge/gate_confirm.h"
#include "harness/base/str.h"
#include "harness/judge/gate_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is to be measured ---- */

/* A case or a group that stepped. */
struct suspect {
    struct compare_case *source; /* NULL = a group */
    struct compare_group *group;
    const struct compare_step *step;
};

static struct compare_group *group_of(const struct comparison *comparison, const struct compare_metric *measure)
{
    for (size_t i = 0; i < comparison->group_count; i++)
        if (&comparison->groups[i].time == measure)
            return &comparison->groups[i];
    return NULL;
}

static size_t find_suspects(const struct comparison *comparison, const struct gate *gate, struct suspect *suspects)
{
    size_t count = 0;
    for (size_t i = 0; i < gate->count; i++) {
        const struct gate_finding *finding = &gate->findings[i];
        if (finding->kind != GATE_BUDGET || finding->status == GATE_PASS || !finding->measure ||
            !finding->measure->step)
            continue;
        struct suspect suspect = { .step = finding->measure->step };
        if (finding->source && finding->measure == &finding->source->time)
            suspect.source = &comparison->cases[finding->source - comparison->cases];
        else if (!finding->source)
            suspect.group = group_of(comparison, finding->measure);
        if (suspect.source || suspect.group)
            suspects[count++] = suspect;
    }
    return count;
}

static int by_good(const void *left, const void *right)
{
    const struct compare_step *a = ((const struct suspect *)left)->step, *b = ((const struct suspect *)right)->step;
    if (a->good_ns != b->good_ns)
        return a->good_ns < b->good_ns ? -1 : 1;
    return (a->good_run > b->good_run) - (a->good_run < b->good_run);
}

static void add_case(struct gate_confirm_pair *pair, struct compare_case *source)
{
    for (size_t i = 0; i < pair->count; i++)
        if (pair->cases[i] == source)
            return;
    pair->cases[pair->count++] = source;
}

static int by_effect(const void *left, const void *right)
{
    const struct compare_case *const *a = left, *const *b = right;
    double x = gate_budget_effect(&(*a)->time), y = gate_budget_effect(&(*b)->time);
    return (x < y) - (x > y);
}

/* Those of a group that got worse most: if anything of the step is true, it shows there. */
static void add_members(struct gate_confirm_pair *pair, const struct compare_group *group, struct arena *arena)
{
    struct compare_case **members = arena_array(arena, group->count + 1, sizeof *members);
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct compare_metric *time = &group->cases[i]->time;
        if (time->candidate.count && gate_budget_effect(time) > 0)
            members[count++] = group->cases[i];
    }
    if (count)
        qsort(members, count, sizeof *members, by_effect);
    for (size_t i = 0; i < count && i < GATE_CONFIRM_GROUP_CASES; i++)
        add_case(pair, members[i]);
}

static int by_size(const void *left, const void *right)
{
    const struct gate_confirm_pair *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->good_ns > b->good_ns) - (a->good_ns < b->good_ns);
}

void gate_confirm_plan(struct gate_confirm *confirm, const struct comparison *comparison, const struct gate *gate,
                       struct arena *arena)
{
    struct suspect *suspects = arena_array(arena, gate->count + 1, sizeof *suspects);
    size_t count = find_suspects(comparison, gate, suspects);
    *confirm = (struct gate_confirm){ .pairs = arena_array(arena, count + 1, sizeof *confirm->pairs) };
    if (count)
        qsort(suspects, count, sizeof *suspects, by_good);
    struct gate_confirm_pair *pair = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct compare_step *step = suspects[i].step;
        /* In the order of their ends, the first end that lies in no chosen level has to be chosen (interval stabbing).
         */
        if (!pair || step->level_ns > pair->good_ns || !pair->good != !step->good) {
            pair = &confirm->pairs[confirm->count++];
            *pair = (struct gate_confirm_pair){
                .good = step->good,
                .good_run = step->good_run,
                .good_ns = step->good_ns,
                .cases = arena_array(arena, comparison->case_count + 1, sizeof(struct compare_case *)),
                .groups = arena_array(arena, comparison->group_count + 1, sizeof(struct compare_group *)),
            };
        }
        if (suspects[i].source)
            add_case(pair, suspects[i].source);
        else
            pair->groups[pair->group_count++] = suspects[i].group;
    }
    for (size_t i = 0; i < confirm->count; i++)
        for (size_t k = 0; k < confirm->pairs[i].group_count; k++)
            add_members(&confirm->pairs[i], confirm->pairs[i].groups[k], arena);
    if (confirm->count)
        qsort(confirm->pairs, confirm->count, sizeof *confirm->pairs, by_size);
}

/* ---- what was measured ---- */

static const struct compare_case *find_case(const struct comparison *again, const struct compare_case *source)
{
    for (size_t i = 0; i < again->case_count; i++)
        if (str_equal(again->cases[i].name, source->name) && str_equal(again->cases[i].suite, source->suite))
            return &again->cases[i];
    return NULL;
}

static const struct compare_group *find_group(const struct comparison *again, const struct compare_group *group)
{
    for (size_t i = 0; i < again->group_count; i++)
        if (str_equal(again->groups[i].suite, group->suite) && str_equal(again->groups[i].operation, group->operation))
            return &again->groups[i];
    return NULL;
}

static const char *numbers(const struct compare_metric *time, struct arena *arena)
{
    if (!isfinite(time->interval.low) || !isfinite(time->interval.high))
        return arena_format(arena, "%+.1f %%", judge_percent(time->effect));
    return arena_format(arena, "%+.1f %% [%+.1f, %+.1f]", judge_percent(time->effect),
                        judge_percent(time->interval.low), judge_percent(time->interval.high));
}

static enum compare_again answer_of(enum judge_verdict verdict)
{
    return verdict == JUDGE_REGRESSED                                 ? COMPARE_CONFIRMED
           : verdict == JUDGE_EQUIVALENT || verdict == JUDGE_IMPROVED ? COMPARE_REFUTED
                                                                      : COMPARE_OPEN;
}

/* Both in one line: what the history saw, and what came out. */
static const char *explain(const struct compare_step *step, const struct compare_metric *time, const char *reason,
                           struct arena *arena)
{
    const char *before = step->words, *now = numbers(time, arena);
    switch (step->again) {
    case COMPARE_CONFIRMED: return arena_format(arena, "%s; confirmed, measured in turns: %s", before, now);
    case COMPARE_REFUTED:
        return arena_format(arena,
                            "%s, but measured in turns the commits do not differ: %s; the machine, or what is not in "
                            "the repository",
                            before, now);
    case COMPARE_OPEN:
    case COMPARE_NOT_AGAIN: break;
    }
    return arena_format(arena, "%s; not confirmed, measured in turns: %s%s%s", before, now, reason ? ", " : "",
                        reason ? reason : "");
}

/* The numbers of the pairs in place of the history's; since and step stay. */
static void take_numbers(struct compare_metric *time, const struct compare_metric *now)
{
    time->base = now->base;
    time->candidate = now->candidate;
    time->pairs = now->pairs;
    time->effect = now->effect;
    time->interval = now->interval;
    time->p = now->p;
    time->q = now->q;
    time->floor = now->floor;
    time->noise = now->noise;
    time->detectable = now->detectable;
    time->exact = now->exact;
    time->shape = now->shape;
}

static void set_case(struct compare_case *source, enum judge_verdict verdict, const char *reason)
{
    source->verdict = source->time.verdict = verdict;
    source->reason = source->time.reason = reason;
}

/* A member of a suite that stepped as a whole has no step of its own: it is worth a word only where it regressed. */
static void apply_member(struct compare_case *source, const struct compare_case *now, struct arena *arena)
{
    if (now->verdict != JUDGE_REGRESSED)
        return;
    take_numbers(&source->time, &now->time);
    set_case(source, JUDGE_REGRESSED,
             arena_format(arena, "its suite stepped; measured in turns: %s", numbers(&now->time, arena)));
}

static void apply_case(struct compare_case *source, const struct compare_case *now, struct arena *arena)
{
    struct compare_step *step = source->time.step;
    if (!step) {
        apply_member(source, now, arena);
        return;
    }
    if (now->identical) {
        step->again = COMPARE_REFUTED;
        set_case(source, JUDGE_EQUIVALENT,
                 arena_format(arena,
                              "%s, but both commits build the same code: the machine, or what is not in the "
                              "repository",
                              step->words));
        return;
    }
    bool failed = now->verdict == JUDGE_FAILED || now->verdict == JUDGE_NEW || !now->base || !now->candidate;
    if (!failed && !now->time.pairs)
        return; /* not reached */
    enum judge_verdict verdict = failed                        ? JUDGE_UNDECIDED
                                 : now->verdict == JUDGE_WRONG ? now->time.verdict
                                                               : now->verdict;
    step->again = answer_of(verdict);
    const char *reason = failed ? arena_format(arena, "%s; could not be measured again: %s", step->words,
                                               now->reason ? now->reason : "it failed")
                                : explain(step, &now->time, now->reason, arena);
    if (!failed)
        take_numbers(&source->time, &now->time);
    set_case(source, verdict, reason);
}

/* Where the group as one is not decided, its cases may be. */
static enum judge_verdict verdict_of_group(const struct compare_group *now)
{
    enum judge_verdict whole = now->identical                                            ? JUDGE_EQUIVALENT
                               : isfinite(now->time.effect) && now->time.candidate.count ? compare_group_verdict(now)
                                                                                         : JUDGE_UNDECIDED;
    if (whole != JUDGE_UNDECIDED)
        return whole;
    bool all_equal = true, any_regressed = false;
    for (size_t i = 0; i < now->count; i++) {
        enum judge_verdict verdict = now->cases[i]->verdict;
        all_equal &= answer_of(verdict) == COMPARE_REFUTED;
        any_regressed |= verdict == JUDGE_REGRESSED;
    }
    return any_regressed ? JUDGE_REGRESSED : all_equal ? JUDGE_EQUIVALENT : JUDGE_UNDECIDED;
}

/* A group takes the new numbers only where all of its cases were measured again. */
static void apply_group(struct compare_group *group, const struct compare_group *now, struct arena *arena)
{
    struct compare_metric *time = &group->time;
    time->verdict = verdict_of_group(now);
    time->step->again = answer_of(time->verdict);
    const struct compare_metric *shown = now->count == 1 ? &now->cases[0]->time : &now->time;
    time->reason =
        arena_format(arena, "%s (%zu of %zu cases)", explain(time->step, shown, NULL, arena), now->count, group->count);
    if (now->count == group->count && isfinite(shown->effect))
        take_numbers(time, shown);
}

static bool is_reached(const struct compare_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->cases[i]->time.pairs || group->cases[i]->identical)
            return true;
    return false;
}

void gate_confirm_apply(struct comparison *comparison, const struct gate_confirm_pair *pair,
                        const struct comparison *again, struct arena *arena)
{
    for (size_t i = 0; i < pair->count; i++) {
        const struct compare_case *now = find_case(again, pair->cases[i]);
        if (now)
            apply_case(pair->cases[i], now, arena);
    }
    for (size_t i = 0; i < pair->group_count; i++) {
        const struct compare_group *now = find_group(again, pair->groups[i]);
        if (now && is_reached(now))
            apply_group(pair->groups[i], now, arena);
    }
    gate_history_count(comparison);
}

void gate_confirm_refute(struct comparison *comparison, const struct gate_confirm_pair *pair, const char *because,
                         struct arena *arena)
{
    for (size_t i = 0; i < pair->count; i++) {
        struct compare_step *step = pair->cases[i]->time.step;
        if (!step)
            continue;
        step->again = COMPARE_REFUTED;
        set_case(
            pair->cases[i], JUDGE_EQUIVALENT,
            arena_format(arena, "%s, but %s: the machine, or what is not in the repository", step->words, because));
    }
    for (size_t i = 0; i < pair->group_count; i++) {
        struct compare_metric *time = &pair->groups[i]->time;
        time->step->again = COMPARE_REFUTED;
        time->verdict = JUDGE_EQUIVALENT;
        time->reason = arena_format(arena, "%s, but %s", time->step->words, because);
    }
    gate_history_count(comparison);
}

void gate_confirm_note(struct comparison *comparison, const char *text, struct arena *arena)
{
    gate_history_note(comparison, text, arena);
}

/* ---- words ---- */

static void count_step(const struct compare_step *step, size_t counts[COMPARE_OPEN + 1])
{
    if (step)
        counts[step->again]++;
}

const char *gate_confirm_line(const struct gate_confirm_pair *pair, struct arena *arena)
{
    static const char *const words[] = { "not measured", "confirmed", "not confirmed", "undecided" };
    size_t counts[COMPARE_OPEN + 1] = { 0 };
    for (size_t i = 0; i < pair->count; i++)
        count_step(pair->cases[i]->time.step, counts);
    for (size_t i = 0; i < pair->group_count; i++)
        count_step(pair->groups[i]->time.step, counts);
    struct str line = { 0 };
    static const enum compare_again order[] = { COMPARE_CONFIRMED, COMPARE_REFUTED, COMPARE_OPEN, COMPARE_NOT_AGAIN };
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (counts[order[i]])
            str_appendf(&line, "%s%zu %s", line.length ? ", " : "", counts[order[i]], words[order[i]]);
    const char *text = arena_strdup(arena, str_text(&line));
    str_release(&line);
    return text;
}

void gate_confirm_note_refuted(struct comparison *comparison, const struct gate_confirm_pair *pair, struct arena *arena)
{
    enum { SHOWN = 4 };
    size_t count = 0;
    for (size_t i = 0; i < pair->group_count; i++) {
        const struct compare_group *group = pair->groups[i];
        if (group->time.step->again == COMPARE_REFUTED && count++ < SHOWN)
            gate_confirm_note(comparison,
                              arena_format(arena, "%s%s%s: %s.", group->suite, *group->operation ? " " : "",
                                           group->operation, group->time.reason),
                              arena);
    }
    for (size_t i = 0; i < pair->count; i++) {
        const struct compare_case *source = pair->cases[i];
        if (source->time.step && source->time.step->again == COMPARE_REFUTED && count++ < SHOWN)
            gate_confirm_note(comparison,
                              arena_format(arena, "%s %s: %s.", source->suite, source->name, source->reason), arena);
    }
}
