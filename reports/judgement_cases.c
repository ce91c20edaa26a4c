/* judgement_cases.c: see judgement_cases.h. */
#include "reports/judgement_cases.h"
#include "reports/judgement_words.h"
#include <math.h>
#include <stdlib.h>

static enum judgement_level level_of_finding(const struct gate_finding *finding)
{
    if (finding->acknowledged_reason || finding->acknowledged_by)
        return JUDGEMENT_ACKNOWLEDGED;
    switch (finding->status) {
    case GATE_PASS:
        return finding->kind == GATE_TARGET && judgement_is_missed(finding) ? JUDGEMENT_SHORT : JUDGEMENT_FINE;
    case GATE_REGRESSED: return JUDGEMENT_BAD;
    case GATE_COULD_NOT_RUN:
    case GATE_UNDECIDED: break;
    }
    return JUDGEMENT_OPEN;
}

static enum judgement_level level_of_verdict(const struct compare_case *item)
{
    if (judgement_is_bad(item->verdict))
        return item->acknowledged ? JUDGEMENT_ACKNOWLEDGED : JUDGEMENT_BAD;
    return item->verdict == JUDGE_UNDECIDED ? JUDGEMENT_OPEN : JUDGEMENT_FINE;
}

/* "5.1 % slower [+4.2, +6.0], q 0.001, 12 pairs, 125.3 -> 131.8 µs": the numbers of a case in a line. */
static const char *numbers(const struct compare_case *item, struct arena *arena)
{
    char interval[40], q[40];
    const struct compare_metric *time = &item->time;
    const char *line = judgement_change(item, arena);
    if (isfinite(time->effect) && (item->verdict == JUDGE_UNDECIDED || item->verdict == JUDGE_EQUIVALENT)) {
        char effect[40];
        line = arena_format(arena, "%s, %s", line, judgement_effect(effect, sizeof effect, time->effect));
    }
    if (isfinite(time->effect))
        line = arena_format(arena, "%s %s%s%s%s, %s", line, judgement_interval(interval, sizeof interval, time),
                            isfinite(time->q) ? ", q " : "", judgement_probability(q, sizeof q, time->q),
                            time->pairs ? arena_format(arena, ", %zu pairs", time->pairs) : "",
                            judgement_medians(time, " -> ", arena));
    if (item->reason)
        line = arena_format(arena, "%s: %s", line, item->reason);
    if (*judgement_counter_line(item, 3, arena))
        line = arena_format(arena, "%s; %s", line, judgement_counter_line(item, 3, arena));
    return line;
}

static void take_case(struct judgement_entry *entry, const struct comparison *comparison,
                      const struct compare_case *item, bool gated, struct arena *arena)
{
    *entry = (struct judgement_entry){
        .comparison = comparison,
        .item = item,
        .suite = item->suite,
        .name = item->name,
        .metric = "real_time",
        .level = gated && judgement_is_bad(item->verdict) ? JUDGEMENT_FINE : level_of_verdict(item),
        .kind = judge_verdict_name(item->verdict),
        .message = item->verdict == JUDGE_EQUIVALENT ? NULL : numbers(item, arena),
    };
}

/* The worst finding of a case stands for it. */
static void take_finding(struct judgement_entry *entry, const struct gate_finding *finding, struct arena *arena)
{
    enum judgement_level level = level_of_finding(finding);
    const char *text = finding->text ? finding->text : "";
    if (entry->finding && level <= entry->level) {
        if (level > JUDGEMENT_FINE)
            entry->message = arena_format(arena, "%s; %s", entry->message ? entry->message : "", text);
        return;
    }
    bool about_time = finding->measure && entry->item && finding->measure == &entry->item->time;
    bool said = entry->message && (about_time || finding->kind == GATE_OUTPUT || finding->kind == GATE_FAILURE);
    entry->finding = finding;
    entry->level = level;
    if (finding->metric)
        entry->metric = finding->metric;
    if (!said && level > JUDGEMENT_FINE)
        entry->message = entry->message && judgement_is_change(entry->item->verdict)
                             ? arena_format(arena, "%s; %s", text, entry->message)
                             : text;
    if (level == JUDGEMENT_BAD && entry->item && !judgement_is_bad(entry->item->verdict))
        entry->kind = "over budget";
    if (about_time && finding->relative && level > JUDGEMENT_FINE) {
        char limit[40];
        entry->message = arena_format(arena, "%s; budget %s", entry->message ? entry->message : "",
                                      judgement_size(limit, sizeof limit, finding->limit));
    }
    if (level == JUDGEMENT_ACKNOWLEDGED)
        entry->message = arena_format(arena, "%s; acknowledged by %s%s%s: %s", entry->message ? entry->message : text,
                                      finding->acknowledged_by ? finding->acknowledged_by : "nobody",
                                      finding->acknowledged_until ? " until " : "",
                                      finding->acknowledged_until ? finding->acknowledged_until : "",
                                      finding->acknowledged_reason ? finding->acknowledged_reason : "no reason");
}

/* The place of a finding's case among the entries, or -1: they lie in the order of the comparisons. */
static ptrdiff_t place_of(const struct judgement *judgement, const struct gate_finding *finding)
{
    size_t before = 0;
    for (size_t c = 0; finding->source && c < judgement->count; c++) {
        const struct comparison *comparison = &judgement->comparisons[c];
        if (finding->source >= comparison->cases && finding->source < comparison->cases + comparison->case_count)
            return (ptrdiff_t)before + (finding->source - comparison->cases);
        before += comparison->case_count;
    }
    return -1;
}

static void take_alone(struct judgement_entry *entry, const struct gate_finding *finding, struct arena *arena)
{
    *entry = (struct judgement_entry){ .suite = finding->suite && *finding->suite ? finding->suite : "gate",
                                       .name = finding->name ? finding->name : "",
                                       .metric = finding->metric ? finding->metric : "",
                                       .kind = finding->kind == GATE_TARGET                            ? "target"
                                               : finding->measure && finding->status == GATE_REGRESSED ? "over budget"
                                               : finding->outcome ? finding->outcome
                                                                  : "failed",
                                       .message = NULL };
    take_finding(entry, finding, arena);
    if (!entry->message)
        entry->message = finding->text;
}

struct judgement_entry *judgement_entries(const struct judgement *judgement, size_t *count, struct arena *arena)
{
    size_t room = judgement->gate ? judgement->gate->count : 0, used = 0;
    for (size_t c = 0; c < judgement->count; c++)
        room += judgement->comparisons[c].case_count;
    struct judgement_entry *entries = arena_array(arena, room + 1, sizeof *entries);
    for (size_t c = 0; c < judgement->count; c++)
        for (size_t i = 0; i < judgement->comparisons[c].case_count; i++)
            take_case(&entries[used++], &judgement->comparisons[c], &judgement->comparisons[c].cases[i],
                      judgement->gate != NULL, arena);
    for (size_t i = 0; judgement->gate && i < judgement->gate->count; i++) {
        const struct gate_finding *finding = &judgement->gate->findings[i];
        ptrdiff_t place = place_of(judgement, finding);
        if (place >= 0)
            take_finding(&entries[place], finding, arena);
        else
            take_alone(&entries[used++], finding, arena);
    }
    *count = used;
    return entries;
}

static double size_of(const struct judgement_entry *entry)
{
    return entry->item && isfinite(entry->item->time.effect) ? fabs(entry->item->time.effect) : 0;
}

static int by_badness(const void *a, const void *b)
{
    const struct judgement_entry *x = a, *y = b;
    if (x->level != y->level)
        return x->level > y->level ? -1 : 1;
    bool x_time = x->item && x->item->verdict == JUDGE_REGRESSED,
         y_time = y->item && y->item->verdict == JUDGE_REGRESSED;
    if (x_time != y_time)
        return x_time ? 1 : -1; /* wrong and failed before merely slow */
    return size_of(x) > size_of(y) ? -1 : size_of(x) < size_of(y) ? 1 : x->order < y->order ? -1 : 1;
}

struct judgement_entry *judgement_worst(const struct judgement *judgement, size_t *count, struct arena *arena)
{
    size_t kept = 0;
    struct judgement_entry *entries = judgement_entries(judgement, count, arena);
    for (size_t i = 0; i < *count; i++)
        if (entries[i].level > JUDGEMENT_SHORT) {
            entries[kept] = entries[i];
            entries[kept].order = kept;
            kept++;
        }
    qsort(entries, kept, sizeof *entries, by_badness);
    *count = kept;
    return entries;
}
