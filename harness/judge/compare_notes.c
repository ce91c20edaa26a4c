/* compare_notes.c: what a reader must know before he believes a comparison: how it was made, and what else differs
 * between the two runs than the program. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include "harness/judge/environment.h"
#include <math.h>
#include <string.h>

/* Disturbed samples are worth a note from this share on. */
#define CONTAMINATED_LIMIT 0.1
enum { NOTE_LIMIT = 24, DIFFERENCE_LIMIT = 4 };

static void add_note(struct compare_context *context, const char *note)
{
    struct comparison *comparison = context->comparison;
    if (!comparison->notes)
        comparison->notes = arena_array(context->arena, NOTE_LIMIT, sizeof *comparison->notes);
    if (note && comparison->note_count < NOTE_LIMIT)
        comparison->notes[comparison->note_count++] = note;
}

/* ---- facts ---- */

const char *compare_fact_of(const struct store_fact *facts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(facts[i].name, name))
            return facts[i].value;
    }
    return NULL;
}

/* "cpu_name: A -> B; caches: ..." of the facts that differ and that is_told takes; NULL = none. */
static const char *differences(const struct store_fact *base, size_t base_count, const struct store_fact *candidate,
                               size_t candidate_count, bool (*is_told)(const char *name), struct arena *arena)
{
    const char *text = NULL;
    size_t found = 0;
    for (size_t i = 0; i < base_count; i++) {
        const char *other = compare_fact_of(candidate, candidate_count, base[i].name);
        if (!other || str_equal(other, base[i].value) || (is_told && !is_told(base[i].name)))
            continue;
        if (found++ < DIFFERENCE_LIMIT)
            text = arena_format(arena, "%s%s%s: %.120s -> %.120s", text ? text : "", text ? "; " : "", base[i].name,
                                base[i].value, other);
    }
    return found > DIFFERENCE_LIMIT ? arena_format(arena, "%s; and %zu more", text, found - DIFFERENCE_LIMIT) : text;
}

void compare_machines(struct compare_context *context)
{
    struct comparison *comparison = context->comparison;
    const struct store_run_row *base = &comparison->base, *candidate = &comparison->candidate;
    if (!base->fingerprint || !candidate->fingerprint)
        return;
    if (str_equal(base->fingerprint, candidate->fingerprint)) {
        comparison->environment_change = environment_change(base->machine, base->machine_count, candidate->machine,
                                                            candidate->machine_count, NULL, context->arena);
        return;
    }
    comparison->machines_differ = true;
    comparison->machine_difference = differences(base->machine, base->machine_count, candidate->machine,
                                                 candidate->machine_count, store_fact_is_hardware, context->arena);
    if (!comparison->machine_difference) /* facts of another tool */
        comparison->machine_difference = differences(base->machine, base->machine_count, candidate->machine,
                                                     candidate->machine_count, NULL, context->arena);
    if (!comparison->machine_difference)
        comparison->machine_difference =
            arena_format(context->arena, "fingerprint: %s -> %s", base->fingerprint, candidate->fingerprint);
}

static bool is_of_compiler(const char *name)
{
    return strstr(name, "compiler") || strstr(name, "flags") || strstr(name, "build_type");
}

/* What a suite chose by itself, and the settings that change times. */
static bool is_of_setting(const char *name)
{
    static const char *const endings[] = { "prony_kernels", "prony_engine", "library_build_type", "governor",
                                           "boost",         "models",       "aslr_enabled" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (str_ends(name, endings[i]))
            return true;
    }
    return false;
}

static void note_facts(struct compare_context *context)
{
    const struct store_run_row *base = &context->comparison->base, *candidate = &context->comparison->candidate;
    const char *build = differences(base->build, base->build_count, candidate->build, candidate->build_count,
                                    is_of_compiler, context->arena);
    const char *setting = differences(base->environment, base->environment_count, candidate->environment,
                                      candidate->environment_count, is_of_setting, context->arena);
    if (context->comparison->machines_differ)
        add_note(context, arena_format(context->arena, "Other machine, so no time is judged: %s",
                                       context->comparison->machine_difference));
    if (context->comparison->environment_change)
        add_note(context,
                 arena_format(context->arena,
                              "The same machine, but its environment changed between the runs, and times may have with "
                              "it: %s",
                              context->comparison->environment_change));
    if (build)
        add_note(context, arena_format(context->arena, "Built differently: %s", build));
    if (setting)
        add_note(context, arena_format(context->arena, "Other settings: %s", setting));
}

static void note_same_build(struct compare_context *context)
{
    const struct store_run_row *base = &context->comparison->base, *candidate = &context->comparison->candidate;
    const char *a = compare_fact_of(base->build, base->build_count, "git_commit");
    const char *b = compare_fact_of(candidate->build, candidate->build_count, "git_commit");
    const char *dirty_a = compare_fact_of(base->build, base->build_count, "git_dirty");
    const char *dirty_b = compare_fact_of(candidate->build, candidate->build_count, "git_dirty");
    /* Runs of two databases, or of two files, may have the same number. */
    if (base->uuid ? str_equal(base->uuid, candidate->uuid) : base->id && base->id == candidate->id)
        add_note(context, "Both sides are the same run.");
    else if (context->comparison->identical_binaries)
        add_note(context,
                 "Identical binaries: no regression is possible. What differs is noise of the measurement (A/A).");
    else if (!context->options->history && a && b && str_equal(a, b) && str_equal(dirty_a, "no") &&
             str_equal(dirty_b, "no"))
        add_note(context, arena_format(context->arena, "Both runs are of the same commit, %.12s.", a));
}

static void note_unclaimed(struct compare_context *context)
{
    const struct store_run_row *base = &context->comparison->base;
    for (size_t i = 0; context->paired && i < base->environment_count; i++) {
        const struct store_fact *fact = &base->environment[i];
        if (str_ends(fact->name, COMPARE_UNCLAIMED_FACT))
            add_note(context,
                     arena_format(context->arena, "%.*s: looks like the same code, but that is not claimed: %s.",
                                  (int)(strlen(fact->name) - strlen(COMPARE_UNCLAIMED_FACT)), fact->name, fact->value));
    }
}

/* ---- how it was measured ---- */

/* Imported files have repetitions of one process where a comparison wants processes. */
static void note_one_process(struct compare_context *context)
{
    const struct store_run_row *sides[] = { &context->comparison->base, &context->comparison->candidate };
    bool one[2];
    for (int i = 0; i < 2; i++)
        one[i] = compare_fact_of(sides[i]->environment, sides[i]->environment_count, "import_repetitions") != NULL;
    if (one[0] || one[1])
        add_note(context,
                 arena_format(context->arena,
                              "The repetitions of %s are of one process, taken as independent: what differs "
                              "from process to process (memory layout, placement, the minute it ran in) is in no "
                              "interval, so no time is called regressed or improved. prony import --join makes "
                              "one run of the files of several calls, which is judged.",
                              one[0] && one[1] ? "both sides"
                              : one[0]         ? "the base"
                                               : "the candidate"));
}

static void note_design(struct compare_context *context)
{
    const struct comparison *comparison = context->comparison;
    if (!context->options->history) /* there every run is a sample, whatever it is made of */
        note_one_process(context);
    if (!comparison->paired && !context->options->history)
        add_note(context, arena_format(context->arena,
                                       "The runs were not interleaved: what drifted in between counts as change, so "
                                       "times within %.0f %% are not judged. prony ab measures both in turns.",
                                       100 * fmax(JUDGE_FLOOR_UNPAIRED, context->budget)));
    if (context->options->look_count > 1)
        add_note(context,
                 arena_format(context->arena, "Look %d of %d: intervals hold %.1f %%, p is adjusted.",
                              context->options->look + 1, context->options->look_count, 100 * context->confidence));
    if (context->dropped_pairs)
        add_note(context,
                 arena_format(context->arena, "%zu rounds of %zu case%s have one side only and were dropped.",
                              context->dropped_pairs, context->dropped_cases, context->dropped_cases == 1 ? "" : "s"));
    if (context->left_out)
        add_note(context, arena_format(context->arena,
                                       "%zu case%s of the base %s left out: the candidate ran another plan or filter.",
                                       context->left_out, context->left_out == 1 ? "" : "s",
                                       context->left_out == 1 ? "was" : "were"));
}

static bool is_insufficient(const struct compare_case *item)
{
    return item->time.reason && str_starts(item->time.reason, "insufficient");
}

static bool has_other_iterations(const struct compare_case *item)
{
    const struct store_case *base = item->base, *candidate = item->candidate;
    return base && candidate && base->sample_count && candidate->sample_count &&
           base->iterations[0] != candidate->iterations[0];
}

static void note_cases(struct compare_context *context)
{
    const struct comparison *comparison = context->comparison;
    size_t few = 0, other = 0;
    for (size_t i = 0; i < comparison->case_count; i++) {
        few += is_insufficient(&comparison->cases[i]);
        other += comparison->paired && has_other_iterations(&comparison->cases[i]);
    }
    /* A history's levels tell what one run cannot. */
    if (few && !comparison->options.history)
        add_note(context,
                 arena_format(context->arena, "%zu of %zu cases have too few samples for any verdict about time.", few,
                              comparison->case_count));
    if (other)
        add_note(context, arena_format(context->arena, "%zu case%s ran other numbers of iterations on the two sides.",
                                       other, other == 1 ? "" : "s"));
    if (!comparison->shared)
        add_note(context, "The runs share no case.");
}

/* Of two builds one wants to know that; a stored file of another tool never says it. */
static void note_output(struct compare_context *context)
{
    const struct comparison *comparison = context->comparison;
    bool known = false;
    for (size_t i = 0; i < comparison->case_count; i++)
        known = known || comparison->cases[i].output != COMPARE_OUTPUT_UNKNOWN;
    if (comparison->paired && comparison->shared && !known && !comparison->identical_binaries)
        add_note(context, "No case says what it computed (prony_output_digest), so a wrong answer that is faster would "
                          "not be noticed.");
}

/* Share of the samples that something disturbed; NaN = no suite says. */
static double contaminated_share(const struct comparison *comparison, bool of_candidate)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < comparison->case_count; i++) {
        const struct store_case *item = of_candidate ? comparison->cases[i].candidate : comparison->cases[i].base;
        for (size_t m = 0; item && m < item->metric_count; m++) {
            const struct store_series *series = &item->metrics[m];
            if (series->pass != STORE_PASS_TIMED || !str_equal(series->name, "contaminated"))
                continue;
            for (size_t k = 0; k < series->count; k++) {
                if (isfinite(series->values[k])) {
                    sum += series->values[k] != 0;
                    count++;
                }
            }
        }
    }
    return count > 0 ? sum / count : (double)NAN;
}

static void note_contamination(struct compare_context *context)
{
    double base = contaminated_share(context->comparison, false);
    double candidate = contaminated_share(context->comparison, true);
    if (!(base > CONTAMINATED_LIMIT) && !(candidate > CONTAMINATED_LIMIT))
        return;
    add_note(context,
             arena_format(context->arena,
                          "Busy machine: %.0f %% of the samples of the base and %.0f %% of the candidate's were "
                          "disturbed. They are kept.",
                          100 * base, 100 * candidate));
}

/* docs/FORMATS.md describes the view. */
#define PRUNED_PAIRS " What its pairs said when they were measured stands in the view outcomes of the database."

static void note_run(struct compare_context *context, const struct store_run_row *row, const char *side,
                     size_t failure_count)
{
    /* A run that was killed could not write that down. */
    if (str_equal(row->status, "running"))
        add_note(context,
                 arena_format(context->arena, "The run of the %s has not ended: it goes on, or was killed.", side));
    else if (row->status && !str_equal(row->status, "complete"))
        add_note(context, arena_format(context->arena, "The run of the %s is not complete: %s.", side, row->status));
    if (row->pruned_ns)
        add_note(context, arena_format(context->arena, "The run of the %s was pruned: a median a case is left of it.%s",
                                       side, context->comparison->paired ? PRUNED_PAIRS : ""));
    if (failure_count)
        add_note(context, arena_format(context->arena, "%zu process%s of the %s failed.", failure_count,
                                       failure_count == 1 ? "" : "es", side));
}

void compare_make_notes(struct compare_context *context)
{
    note_same_build(context);
    note_unclaimed(context);
    note_facts(context);
    note_design(context);
    note_cases(context);
    note_output(context);
    note_contamination(context);
    note_run(context, &context->comparison->base, "base", context->base_failure_count);
    note_run(context, &context->comparison->candidate, "candidate", context->candidate_failure_count);
}
