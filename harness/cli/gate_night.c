/* gate_night.c: see gate_night.h. */
#include "harness/cli/gate_night.h"
#include "harness/base/str.h"
#include "harness/judge/gate_history.h"
#include <stdlib.h>

static const char *branch_of(const struct store_run_row *run)
{
    for (size_t i = 0; i < run->build_count; i++)
        if (str_equal(run->build[i].name, "git_branch"))
            return run->build[i].value;
    return NULL;
}

static int by_number(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Numbers of runs that are a side, sorted. */
static int load_sides(struct store *store, struct arena *arena, int64_t **sides, size_t *count, struct error *error)
{
    struct store_comparison *comparisons;
    size_t comparison_count;
    int code = store_comparisons(store, NULL, NULL, arena, &comparisons, &comparison_count, error);
    if (code)
        return code;
    *sides = arena_array(arena, 2 * comparison_count + 1, sizeof **sides);
    *count = 0;
    for (size_t i = 0; i < comparison_count; i++) {
        (*sides)[(*count)++] = comparisons[i].base_run;
        (*sides)[(*count)++] = comparisons[i].candidate_run;
    }
    if (*count)
        qsort(*sides, *count, sizeof **sides, by_number);
    return 0;
}

int gate_night_load(struct gate_nights *nights, struct store *store, struct arena *arena, struct error *error)
{
    int64_t *sides;
    size_t side_count, count;
    struct store_run_row *runs;
    *nights = (struct gate_nights){ 0 };
    int code = load_sides(store, arena, &sides, &side_count, error);
    if (!code)
        code = store_runs(store, 0, arena, &runs, &count, error);
    if (code)
        return code;
    nights->runs = arena_array(arena, count + 1, sizeof *nights->runs);
    for (size_t i = 0; i < count; i++)
        if (!side_count || !bsearch(&runs[i].id, sides, side_count, sizeof *sides, by_number))
            nights->runs[nights->count++] = runs[i];
    return 0;
}

const char *gate_night_branch(const struct store_run_row *run, const char *asked, const struct gate_policy *policy)
{
    if (asked)
        return asked;
    if (gate_history_branch(policy))
        return gate_history_branch(policy);
    const char *own = branch_of(run);
    return own && *own && !str_equal(own, "HEAD") ? own : NULL;
}

const struct store_run_row *gate_night_previous(const struct gate_nights *nights, const struct store_run_row *run,
                                                const char *branch)
{
    for (size_t i = 0; i < nights->count; i++) {
        const struct store_run_row *other = &nights->runs[i];
        if (other->id != run->id && other->started_ns <= run->started_ns && str_equal(other->status, "complete") &&
            str_equal(other->plan, run->plan) && str_equal(other->fingerprint, run->fingerprint) &&
            (!branch || str_equal(branch_of(other), branch)))
            return other;
    }
    return NULL;
}

int gate_night_apply(struct comparison *comparison, struct store *store, const char *branch,
                     const struct gate_policy *policy, struct arena *arena, struct error *error)
{
    struct history *histories = arena_array(arena, comparison->case_count + 1, sizeof *histories);
    const struct history_options options = { .branch = branch, .machine = comparison->candidate.fingerprint };
    for (size_t i = 0; i < comparison->case_count; i++) {
        int code = history_load(&histories[i], store, comparison->cases[i].suite, comparison->cases[i].name, &options,
                                arena, error);
        if (code)
            return code;
    }
    const struct gate_history_options rules = gate_history_options_of(policy);
    gate_history_apply(comparison, histories, &rules, arena);
    return 0;
}
