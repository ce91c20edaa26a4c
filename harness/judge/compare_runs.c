/* compare_runs.c: reads two runs and what else the store knows of them, and compares them. */
#include "harness/base/str.h"
#include "harness/judge/calibration.h"
#include "harness/judge/compare_internal.h"
#include <limits.h>
#include <string.h>

/* One side as the store has it. */
struct side {
    struct store_case *cases;
    size_t case_count;
    struct store_failure_row *failures;
    size_t failure_count;
};

static int read_side(struct side *side, struct store *store, int64_t run_id, struct arena *arena, struct error *error)
{
    int code = store_cases(store, run_id, arena, &side->cases, &side->case_count, error);
    if (code == 0)
        code = store_failures(store, run_id, arena, &side->failures, &side->failure_count, error);
    return code;
}

/* The words of a command line that select cases, in their order. */
static const char *selection(const char *command, struct arena *arena)
{
    static const char *const options[] = { " --filter", " -f", " --suite" };
    const char *text = "";
    for (size_t i = 0; command && i < sizeof options / sizeof options[0]; i++) {
        for (const char *at = command; (at = strstr(at, options[i])); at++) {
            const char *end = strstr(at + 1, " -");
            text = arena_format(arena, "%s%.*s", text, (int)(end ? (size_t)(end - at) : strlen(at)), at);
        }
    }
    return text;
}

/* A run of another plan, or of another part of it, does not miss what it never meant to measure; one that was stopped
 * did not get there. */
static bool is_partial(const struct store_run_row *base, const struct store_run_row *candidate, struct arena *arena)
{
    return !str_equal(base->plan, candidate->plan) || str_equal(candidate->status, "interrupted") ||
           str_equal(candidate->status, "running") ||
           !str_equal(selection(base->command, arena), selection(candidate->command, arena));
}

static double noise_of_case(void *context, const char *suite, const char *name)
{
    const struct calibration *calibration = context;
    return calibration_noise_of(calibration, suite, name);
}

/* From which round on `prony ab` measured again what it had called; 0 = it is from a time when it did not. */
static int confirm_from(const struct store_run_row *run)
{
    uint64_t round = 0;
    const char *text = compare_fact_of(run->environment, run->environment_count, COMPARE_CONFIRM_FACT);
    return text && str_parse_u64(text, &round) && round > 0 && round <= INT_MAX / 8 ? (int)round : 0;
}

/* Sides of `prony ab` know each other, whichever is called the base now. */
static int find_pairing(struct compare_context *context, struct compare_options *options, struct store *store,
                        struct error *error)
{
    struct comparison *comparison = context->comparison;
    struct store_comparison stored;
    bool found = false;
    int code = store_comparison_of(store, comparison->base.id, comparison->candidate.id, context->arena, &stored,
                                   &found, error);
    if (code == 0 && !found)
        code = store_comparison_of(store, comparison->candidate.id, comparison->base.id, context->arena, &stored,
                                   &found, error);
    if (code != 0 || !found)
        return code;
    context->paired = true;
    comparison->identical_binaries = stored.identical_binaries;
    if (options->look_count == 0) {
        options->look = stored.look;
        options->look_count = stored.look_count;
    }
    if (options->seed == 0)
        options->seed = stored.seed;
    options->confirm_from = confirm_from(&comparison->base);
    return 0;
}

/* Everything of both runs that the verdicts need. */
static int read_sides(struct compare_context *context, struct side sides[2], struct store *base_store,
                      struct store *candidate_store, struct error *error)
{
    const struct comparison *comparison = context->comparison;
    int code = read_side(&sides[0], base_store, comparison->base.id, context->arena, error);
    if (code == 0)
        code = read_side(&sides[1], candidate_store, comparison->candidate.id, context->arena, error);
    context->base_failures = sides[0].failures;
    context->base_failure_count = sides[0].failure_count;
    context->candidate_failures = sides[1].failures;
    context->candidate_failure_count = sides[1].failure_count;
    return code;
}

/* With a filter that is compiled already. */
static int compare_read(struct compare_context *context, struct compare_options *options, struct store *base_store,
                        struct store *candidate_store, struct error *error)
{
    struct comparison *comparison = context->comparison;
    struct side sides[2] = { 0 };
    struct calibration calibration = { 0 };
    int code = base_store == candidate_store ? find_pairing(context, options, base_store, error) : 0;
    if (code == 0)
        code =
            calibration_load(&calibration, candidate_store, comparison->candidate.fingerprint, context->arena, error);
    if (code == 0)
        code = read_sides(context, sides, base_store, candidate_store, error);
    if (code != 0)
        return code;
    context->noise_of = noise_of_case;
    context->noise_context = &calibration;
    options->partial =
        options->partial || (!context->paired && is_partial(&comparison->base, &comparison->candidate, context->arena));
    compare_all(context, sides[0].cases, sides[0].case_count, sides[1].cases, sides[1].case_count);
    return 0;
}

int compare_runs_across(struct comparison *comparison, struct store *base_store, const struct store_run_row *base,
                        struct store *candidate_store, const struct store_run_row *candidate, const char *base_name,
                        const char *candidate_name, const struct compare_options *options, struct arena *arena,
                        struct error *error)
{
    struct compare_options own = options ? *options : (struct compare_options){ 0 };
    struct compare_context context = { .comparison = comparison, .options = &own, .arena = arena };
    regex_t filter;
    *comparison = (struct comparison){
        .base = *base, .candidate = *candidate, .base_name = base_name, .candidate_name = candidate_name
    };
    if (!own.filter)
        return compare_read(&context, &own, base_store, candidate_store, error);
    if (regcomp(&filter, own.filter, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set(error, ERROR_USAGE, "'%s' is not a POSIX extended regular expression", own.filter);
    context.filter = &filter;
    int code = compare_read(&context, &own, base_store, candidate_store, error);
    regfree(&filter);
    return code;
}

int compare_runs(struct comparison *comparison, struct store *store, const struct store_run_row *base,
                 const struct store_run_row *candidate, const char *base_name, const char *candidate_name,
                 const struct compare_options *options, struct arena *arena, struct error *error)
{
    return compare_runs_across(comparison, store, base, store, candidate, base_name, candidate_name, options, arena,
                               error);
}
