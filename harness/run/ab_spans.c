/* ab_spans.c: processes that trace the engine, in pairs, so that a change of an operation has an interval.
 *
 * Every case is traced once on each side. Those whose time changed, or may have, and that gave spans are traced again,
 * ABBA as the times, until there are enough pairs. Traced times explain; they are never judged. */
#include "harness/run/ab_internal.h"
#include "harness/run/passes.h"
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"

/* Eight differences, as six are the fewest that have an interval of 95 %. */
enum { TRACE_PAIRS = 8, TRACE_FAILURES = 2, PADDING_BYTES = 4096 };

static bool is_stopped(struct ab *ab)
{
    for (int side = 0; side < AB_SIDES; side++)
        ab->result->interrupted |= ab->sides[side].execution.result->interrupted;
    ab->result->interrupted |= interrupt_arrived(&ab->interrupt);
    return ab->result->interrupted;
}

static int trace_side(struct ab *ab, const struct ab_case *subject, int side, const struct passes_trace *trace,
                      struct error *error)
{
    const struct runner_suite *suite = ab->suites[subject->suite].sides[side];
    char text[256];
    if (!subject->on[side] || !suite->passes.spans || subject->failures[side] >= AB_FAILURE_LIMIT ||
        suite->failed_rounds[subject->index[side]] >= TRACE_FAILURES)
        return 0;
    snprintf(text, sizeof text, "%s %.200s", subject->suite_name, subject->name);
    progress_show(&ab->progress, text, clock_wall_ns());
    ab->progress.done++;
    ab->sides[side].execution.progress = ab->progress;
    return passes_trace(&ab->sides[side].execution, subject->suite, subject->index[side], trace, error);
}

static int trace_pair(struct ab *ab, const struct ab_case *subject, int pair, struct error *error)
{
    struct rng rng;
    rng_seed(&rng, rng_mix(rng_mix(ab->seed, (uint64_t)(subject - ab->cases)), (uint64_t)pair / 2));
    int first = ((int)rng_below(&rng, 2) + pair) % 2, code = 0;
    rng_seed(&rng, rng_mix(ab->seed, (uint64_t)pair));
    struct passes_trace trace = { .round = pair,
                                  .min_time = subject->min_time,
                                  .padding = arena_format(&ab->arena, "PRONY_PADDING=%*s",
                                                          (int)rng_below(&rng, PADDING_BYTES), "") };
    for (int i = 0; code == 0 && i < AB_SIDES && !is_stopped(ab); i++)
        code = trace_side(ab, subject, i ? !first : first, &trace, error);
    return code;
}

/* ---- who is worth more than one pair ---- */

static bool has_traces(const struct store_case *cases, size_t count, const struct ab_case *subject)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(cases[i].name, subject->name) && str_equal(cases[i].suite, subject->suite_name))
            return cases[i].trace_count > 0;
    return false;
}

/* Measured on both sides, or there on one side only: what cannot be measured has no time to explain. */
static bool is_measured(const struct ab_case *subject)
{
    return subject->blocks > 0 || (subject->state == AB_CLOSED && subject->on[AB_BASE] != subject->on[AB_CANDIDATE]);
}

/* What did not change needs no explanation, and the parts of a layer explain others. */
static bool is_wanted(const struct ab *ab, const struct ab_case *subject)
{
    bool is_settled = subject->state == AB_DECIDED && subject->verdict.verdict == JUDGE_EQUIVALENT;
    return subject->blocks && !is_settled && compare_is_whole(subject->suite_name) &&
           !ab->suites[subject->suite].identical;
}

static int choose(struct ab *ab, bool *chosen, struct error *error)
{
    struct arena arena = { 0 };
    struct store_case *cases[AB_SIDES];
    size_t count[AB_SIDES];
    int code = 0;
    for (int side = 0; code == 0 && side < AB_SIDES; side++)
        code = store_cases(ab->store, ab->sides[side].result.run_id, &arena, &cases[side], &count[side], error);
    for (size_t i = 0; code == 0 && i < ab->case_count; i++)
        chosen[i] = is_wanted(ab, &ab->cases[i]) && has_traces(cases[AB_BASE], count[AB_BASE], &ab->cases[i]) &&
                    has_traces(cases[AB_CANDIDATE], count[AB_CANDIDATE], &ab->cases[i]);
    arena_release(&arena);
    return code;
}

static bool is_asked_for(const struct ab *ab)
{
    for (size_t i = 0; i < ab->suite_count; i++)
        for (int side = 0; side < AB_SIDES; side++)
            if (ab->suites[i].sides[side]->passes.spans)
                return true;
    return false;
}

/* The passes that follow shall not trace once more. */
static void forget(struct ab *ab)
{
    for (size_t i = 0; i < ab->suite_count; i++)
        for (int side = 0; side < AB_SIDES; side++)
            ab->suites[i].sides[side]->passes.spans = false;
}

int ab_spans(struct ab *ab, struct error *error)
{
    bool *chosen = arena_array(&ab->arena, ab->case_count + 1, sizeof *chosen);
    int code = 0;
    if (!is_asked_for(ab) || ab->result->interrupted)
        return 0;
    if (!ab->options.quiet)
        log_info("where the time goes, on both sides");
    ab->progress.phase = "spans";
    ab->progress.round_count = TRACE_PAIRS;
    ab->progress.done = 0;
    for (int pair = 0; code == 0 && pair < TRACE_PAIRS && !is_stopped(ab); pair++) {
        size_t count = 0;
        for (size_t i = 0; i < ab->case_count; i++)
            count += chosen[i] = pair == 0 ? is_measured(&ab->cases[i]) : chosen[i];
        ab->progress.total = ab->progress.done + 2 * count * (pair == 0 ? 1 : (size_t)(TRACE_PAIRS - pair));
        progress_round_begin(&ab->progress, pair, clock_wall_ns());
        for (size_t i = 0; code == 0 && i < ab->case_count && !is_stopped(ab); i++)
            code = chosen[i] ? trace_pair(ab, &ab->cases[i], pair, error) : 0;
        if (code == 0 && pair == 0)
            code = choose(ab, chosen, error);
    }
    progress_clear(&ab->progress);
    forget(ab);
    return code;
}
