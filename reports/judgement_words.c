/* judgement_words.c: see judgement_words.h. */
#include "reports/judgement_words.h"
#include "harness/base/clock.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

static int digits_of(double percent)
{
    return percent < 0.095 ? 2 : percent < 99.5 ? 1 : 0;
}

char *judgement_effect(char *buffer, size_t size, double log_ratio)
{
    double percent = judge_percent(log_ratio), magnitude = fabs(percent);
    if (!isfinite(percent))
        snprintf(buffer, size, "n/a");
    else if (percent >= 1100)
        snprintf(buffer, size, "%.3gx", exp(log_ratio));
    else if (magnitude < 0.005)
        snprintf(buffer, size, "0.0 %%");
    else
        snprintf(buffer, size, "%+.*f %%", digits_of(magnitude), percent);
    return buffer;
}

char *judgement_size(char *buffer, size_t size, double log_ratio)
{
    double percent = judge_percent(fabs(log_ratio));
    if (isnan(percent))
        snprintf(buffer, size, "n/a");
    else if (isinf(percent))
        snprintf(buffer, size, "none");
    else
        snprintf(buffer, size, "%.*f %%", digits_of(percent), percent);
    return buffer;
}

char *judgement_interval(char *buffer, size_t size, const struct compare_metric *metric)
{
    double low = judge_percent(metric->interval.low), high = judge_percent(metric->interval.high);
    low = fabs(low) < 0.05 ? 0 : low; /* no -0.0 */
    high = fabs(high) < 0.05 ? 0 : high;
    buffer[0] = 0;
    if (metric->interval.coverage > 0 && isfinite(low) && isfinite(high))
        snprintf(buffer, size, "[%+.*f, %+.*f]", fabs(low) < 99.5 ? 1 : 0, low, fabs(high) < 99.5 ? 1 : 0, high);
    return buffer;
}

char *judgement_probability(char *buffer, size_t size, double p)
{
    buffer[0] = 0;
    if (isfinite(p) && p < 0.001)
        snprintf(buffer, size, "<0.001");
    else if (isfinite(p))
        snprintf(buffer, size, p < 0.0995 ? "%.3f" : "%.2f", p);
    return buffer;
}

const char *judgement_medians(const struct compare_metric *metric, const char *arrow, struct arena *arena)
{
    char base[32], candidate[32];
    double typical = metric->base.count ? metric->base.median : metric->candidate.median;
    struct number_scale scale = number_scale(number_kind_of(metric->name, metric->unit), typical);
    const char *unit = arena_format(arena, "%s%s", *scale.unit ? " " : "", scale.unit);
    if (metric->base.count)
        number_digits(base, sizeof base, metric->base.median * scale.factor);
    if (metric->candidate.count)
        number_digits(candidate, sizeof candidate, metric->candidate.median * scale.factor);
    if (metric->base.count && metric->candidate.count)
        return arena_format(arena, "%s%s%s%s", base, arrow, candidate, unit);
    return metric->base.count        ? arena_format(arena, "%s%s before", base, unit)
           : metric->candidate.count ? arena_format(arena, "%s%s", candidate, unit)
                                     : "";
}

/* ---- words ---- */

bool judgement_is_bad(enum judge_verdict verdict)
{
    return verdict == JUDGE_REGRESSED || verdict == JUDGE_WRONG || verdict == JUDGE_FAILED;
}

bool judgement_is_change(enum judge_verdict verdict)
{
    return judgement_is_bad(verdict) || verdict == JUDGE_IMPROVED;
}

enum gate_status judgement_status(const struct judgement *judgement)
{
    size_t shared = 0, undecided = 0, bad = 0;
    if (judgement->gate)
        return judgement->gate->status;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct comparison *comparison = &judgement->comparisons[i];
        shared += comparison->shared;
        undecided += comparison->verdicts[JUDGE_UNDECIDED];
        for (int v = 0; v < JUDGE_VERDICT_COUNT; v++)
            bad += judgement_is_bad((enum judge_verdict)v) ? comparison->verdicts[v] : 0;
    }
    return bad ? GATE_REGRESSED : !shared ? GATE_COULD_NOT_RUN : undecided ? GATE_UNDECIDED : GATE_PASS;
}

const char *judgement_status_word(enum gate_status status)
{
    switch (status) {
    case GATE_PASS: return "Pass";
    case GATE_REGRESSED: return "Regressed";
    case GATE_UNDECIDED: return "Undecided";
    case GATE_COULD_NOT_RUN: break;
    }
    return "Could not be judged";
}

const char *judgement_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

size_t judgement_target_count(const struct gate *gate)
{
    size_t count = 0;
    for (size_t i = 0; gate && i < gate->count; i++)
        count += gate->findings[i].kind == GATE_TARGET;
    return count;
}

bool judgement_is_missed(const struct gate_finding *finding)
{
    return !isnan(finding->actual) &&
           (finding->status == GATE_REGRESSED || (finding->outcome && str_equal(finding->outcome, "missed")));
}

static const char *target_line(const struct gate *gate, struct arena *arena)
{
    size_t count = judgement_target_count(gate), missed = 0, free = 0, unknown = 0;
    for (size_t i = 0; i < (count ? gate->count : 0); i++)
        if (gate->findings[i].kind == GATE_TARGET) {
            bool is_missed = judgement_is_missed(&gate->findings[i]);
            unknown += isnan(gate->findings[i].actual) ? 1 : 0;
            missed += is_missed;
            free += is_missed && gate->findings[i].status == GATE_PASS && !gate->findings[i].acknowledged_by;
        }
    if (!count)
        return "";
    const char *line =
        missed ? arena_format(arena, "%zu of %zu target%s missed", missed, count, judgement_plural(count))
               : arena_format(arena, "%zu of %zu target%s met", count - unknown, count, judgement_plural(count));
    /* Tiers above the one that the policy requires. */
    line = free ? arena_format(arena, "%s (%zu not required)", line, free) : line;
    return unknown ? arena_format(arena, "%s, %zu not measured", line, unknown) : line;
}

/* Of suites and operations as a whole, which no verdict of a case tells. */
static size_t count_group_failures(const struct gate *gate)
{
    size_t count = 0;
    for (size_t i = 0; gate && i < gate->count; i++)
        count += !gate->findings[i].source && gate->findings[i].measure && gate->findings[i].status == GATE_REGRESSED;
    return count;
}

bool judgement_is_told_by_case(const struct gate_finding *finding)
{
    const struct compare_case *item = finding->source;
    if (!item)
        return false;
    if (finding->measure && finding->measure != &item->time)
        return false;
    return judgement_is_change(item->verdict) ||
           (item->verdict == JUDGE_UNDECIDED && finding->status == GATE_UNDECIDED);
}

bool judgement_is_headline(const struct judgement *judgement, const struct gate_finding *finding)
{
    return !judgement->count && finding == judgement->gate->findings && !judgement_target_count(judgement->gate);
}

bool judgement_has_interval(const struct compare_metric *metric)
{
    return isfinite(metric->effect) && isfinite(metric->interval.low) && isfinite(metric->interval.high);
}

const char *judgement_count_line(const struct judgement *judgement, struct arena *arena)
{
    static const enum judge_verdict order[] = { JUDGE_WRONG,      JUDGE_FAILED,    JUDGE_REGRESSED, JUDGE_IMPROVED,
                                                JUDGE_EQUIVALENT, JUDGE_UNDECIDED, JUDGE_NEW };
    struct str line = { 0 };
    size_t acknowledged = 0, shared = 0;
    for (size_t c = 0; c < judgement->count; c++) {
        shared += judgement->comparisons[c].shared;
        for (size_t i = 0; i < judgement->comparisons[c].case_count; i++)
            acknowledged += judgement->comparisons[c].cases[i].acknowledged != NULL;
    }
    for (size_t v = 0; v < sizeof order / sizeof order[0]; v++) {
        size_t count = 0;
        for (size_t c = 0; c < judgement->count; c++)
            count += judgement->comparisons[c].verdicts[order[v]];
        if (count)
            str_appendf(&line, "%s%zu %s%s", line.length ? ", " : "", count, judge_verdict_name(order[v]),
                        order[v] == JUDGE_UNDECIDED && judgement_status(judgement) == GATE_PASS
                            ? " that the policy lets pass"
                            : "");
    }
    if (acknowledged)
        str_appendf(&line, " (%zu acknowledged)", acknowledged);
    if (judgement->count && !shared)
        str_appendf(&line, "%sthe runs share no case", line.length ? "; " : "");
    const char *targets = target_line(judgement->gate, arena);
    if (*targets)
        str_appendf(&line, "%s%s", line.length ? "; " : "", targets);
    const struct gate *gate = judgement->gate;
    size_t groups = count_group_failures(gate);
    if (groups)
        str_appendf(&line, "%s%zu group%s over budget", line.length ? "; " : "", groups, judgement_plural(groups));
    const char *text = arena_strdup(arena, line.length           ? line.data
                                           : gate && gate->count ? gate->findings[0].text
                                                                 : "nothing was compared and nothing gated");
    str_release(&line);
    return text;
}

const char *judgement_change(const struct compare_case *item, struct arena *arena)
{
    const struct compare_metric *time = &item->time;
    double percent = fabs(judge_percent(time->effect));
    if (item->verdict == JUDGE_WRONG || item->verdict == JUDGE_FAILED || item->verdict == JUDGE_NEW)
        return judge_verdict_name(item->verdict);
    if (item->verdict != JUDGE_REGRESSED && item->verdict != JUDGE_IMPROVED)
        return item->verdict == JUDGE_UNDECIDED ? "undecided" : "no change";
    if (judge_percent(time->effect) >= 1100)
        return arena_format(arena, "%.3g times as slow", exp(time->effect));
    return arena_format(arena, "%.*f %% %s", digits_of(percent), percent, time->effect > 0 ? "slower" : "faster");
}

const char *judgement_fact(const struct store_run_row *run, const char *name)
{
    const struct {
        const struct store_fact *facts;
        size_t count;
    } lists[] = { { run->build, run->build_count },
                  { run->machine, run->machine_count },
                  { run->environment, run->environment_count } };
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
        for (size_t i = 0; i < lists[l].count; i++)
            if (str_equal(lists[l].facts[i].name, name) && lists[l].facts[i].value && *lists[l].facts[i].value)
                return lists[l].facts[i].value;
    return NULL;
}

const char *judgement_machine(const struct store_run_row *run, struct arena *arena)
{
    const char *name = judgement_fact(run, "cpu_name"), *count = judgement_fact(run, "cpu_count");
    if (!name)
        return NULL;
    return count ? arena_format(arena, "%s, %s CPU%s", name, count, str_equal(count, "1") ? "" : "s") : name;
}

const char *judgement_run_line(const struct store_run_row *run, struct arena *arena)
{
    char start[32];
    const char *commit = judgement_fact(run, "git_commit"), *branch = judgement_fact(run, "git_branch");
    const char *line = arena_format(arena, "run %lld", (long long)run->id);
    if (commit)
        line = arena_format(arena, "%s, commit %.9s%s%s%s", line, commit,
                            str_equal(judgement_fact(run, "git_dirty"), "yes") ? ", dirty" : "", branch ? " on " : "",
                            branch ? branch : "");
    if (run->started_ns)
        line = arena_format(arena, "%s, %s", line, clock_format_utc(start, run->started_ns));
    return line;
}

const char *judgement_method_line(const struct comparison *comparison, struct arena *arena)
{
    size_t low = SIZE_MAX, high = 0;
    if (comparison->options.history)
        return "times against the history of this machine, the rest against the run before";
    for (size_t i = 0; i < comparison->case_count; i++) {
        const struct compare_metric *time = &comparison->cases[i].time;
        size_t n = comparison->paired                         ? time->pairs
                   : time->base.count < time->candidate.count ? time->base.count
                                                              : time->candidate.count;
        if (n == 0)
            continue;
        low = n < low ? n : low;
        high = n > high ? n : high;
    }
    bool repeated = judgement_fact(&comparison->base, "import_repetitions") &&
                    judgement_fact(&comparison->candidate, "import_repetitions");
    const char *unit = comparison->paired ? "pair" : repeated ? "repetition" : "process";
    const char *ending = comparison->paired || repeated ? (high == 1 ? "" : "s") : high == 1 ? "" : "es";
    if (repeated && !comparison->paired)
        ending = high == 1 ? " of one process" : "s of one process";
    const char *count = !high         ? "nothing shared"
                        : low == high ? arena_format(arena, "%zu %s%s", low, unit, ending)
                                      : arena_format(arena, "%zu to %zu %s%s", low, high, unit, ending);
    const char *floor =
        comparison->options.floor > 0
            ? arena_format(arena, ", floor %g %%", round(100 * judge_percent(comparison->options.floor)) / 100)
            : "";
    if (!high)
        return count;
    return comparison->paired
               ? arena_format(arena, "%s, interleaved%s%s", count, floor,
                              comparison->identical_binaries ? ", identical binaries" : "")
               : arena_format(arena, "%s a side, not interleaved: drift counts as change%s", count, floor);
}

const char *judgement_output(const struct compare_case *item, struct arena *arena)
{
    const char *errors = "";
    if (isfinite(item->output_error_base) || isfinite(item->output_error_candidate))
        errors = arena_format(arena, ", error %.2g -> %.2g", item->output_error_base, item->output_error_candidate);
    switch (item->output) {
    case COMPARE_OUTPUT_UNKNOWN: return NULL;
    case COMPARE_OUTPUT_SAME: return "same output";
    case COMPARE_OUTPUT_WITHIN: return arena_format(arena, "other output within its tolerance%s", errors);
    case COMPARE_OUTPUT_DIFFERENT: return arena_format(arena, "other output%s", errors);
    }
    return NULL;
}

const char *judgement_legend(const struct judgement *judgement, struct arena *arena)
{
    bool unpaired = false, history = false;
    size_t cases = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        unpaired = unpaired || !judgement->comparisons[i].paired;
        history = history || judgement->comparisons[i].options.history;
        cases += judgement->comparisons[i].shared;
    }
    if (!cases)
        return "";
    const char *count = history    ? "runs on the newest level, or processes of this run where the history is too short"
                        : unpaired ? "processes a side"
                                   : "pairs of processes";
    const char *verdicts = history ? "the level of the runs took a step beyond the floor, often enough seen, and q <= "
                                     "0.05. Equivalent: on the level of the runs before, as far as their noise tells."
                                   : "the interval lies beyond the floor and q <= 0.05. Equivalent: the whole interval "
                                     "lies within the floor.";
    return arena_format(
        arena,
        "Effects are candidate against base: + is slower. [..] holds the effect with 95 %% confidence; q "
        "is the share of false alarms to expect among cases with that q or less; n counts %s. Regressed "
        "or improved: %s The run could have seen a change of at least \"sees\" (80 %% power).",
        count, verdicts);
}

/* ---- what to show ---- */

struct compare_case **judgement_sorted(const struct comparison *comparison, struct arena *arena)
{
    struct compare_case **sorted = arena_array(arena, comparison->case_count + 1, sizeof *sorted);
    compare_sort(comparison, sorted);
    return sorted;
}

/* A rate of the timed pass says what the time says. */
static bool is_mirror(const struct compare_case *item, const struct compare_metric *metric)
{
    return metric->pass == STORE_PASS_TIMED && metric->higher_is_better &&
           fabs(metric->effect + item->time.effect) < 0.1 * fabs(item->time.effect);
}

size_t judgement_counters(const struct compare_case *item, const struct compare_metric **metrics, size_t limit)
{
    size_t count = 0;
    for (size_t i = 0; i < item->metric_count; i++) {
        const struct compare_metric *metric = &item->metrics[i];
        if (!isfinite(metric->effect) || is_mirror(item, metric) ||
            (!(metric->exact && metric->effect != 0) && metric->verdict != JUDGE_REGRESSED &&
             metric->verdict != JUDGE_IMPROVED))
            continue;
        size_t at = count < limit ? count++ : limit;
        for (; at > 0 && fabs(metrics[at - 1]->effect) < fabs(metric->effect); at--)
            if (at < limit)
                metrics[at] = metrics[at - 1];
        if (at < limit)
            metrics[at] = metric;
    }
    return count;
}

const char *judgement_counter_line(const struct compare_case *item, size_t limit, struct arena *arena)
{
    const struct compare_metric *metrics[16];
    size_t count = judgement_counters(item, metrics, limit < 16 ? limit : 16);
    const char *line = "";
    char effect[40];
    for (size_t i = 0; i < count; i++)
        line = arena_format(arena, "%s%s%s %s", line, i ? ", " : "", metrics[i]->name,
                            judgement_effect(effect, sizeof effect, metrics[i]->effect));
    return line;
}

const char *judgement_target_word(const struct gate_finding *finding)
{
    if (finding->outcome)
        return finding->outcome;
    return isnan(finding->actual) ? "not measured" : finding->status == GATE_REGRESSED ? "missed" : "met";
}

const char *judgement_target_value(const struct gate_finding *finding, double value, struct arena *arena)
{
    char text[48];
    return arena_strdup(arena, number_text(text, sizeof text, number_kind_of(finding->metric, finding->unit), value));
}
