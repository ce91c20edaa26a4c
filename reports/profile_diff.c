/* profile_diff.c: two trees become one; every frame and function gets its test. */
#include "reports/profile_diff.h"
#include "harness/base/arena.h"
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct profile_diff_format profile_diff_formats[] = {
    { "text", ".txt", false, true, profile_diff_text },
    { "markdown", ".md", false, true, profile_diff_markdown },
    { "html", ".html", true, false, profile_diff_html },
    { "folded", ".folded", false, false, profile_diff_folded },
};
const size_t profile_diff_format_count = sizeof profile_diff_formats / sizeof profile_diff_formats[0];

const struct profile_diff_format *profile_diff_format_find(const char *name)
{
    for (size_t i = 0; i < profile_diff_format_count; i++)
        if (str_equal(profile_diff_formats[i].name, name))
            return &profile_diff_formats[i];
    return NULL;
}

const struct profile_diff_format *profile_diff_format_of_path(const char *path)
{
    for (size_t i = 0; i < profile_diff_format_count; i++)
        if (str_ends(path, profile_diff_formats[i].extension))
            return &profile_diff_formats[i];
    return NULL;
}

/* ---- one tree ---- */

/* Adds the nodes of from to all four trees, which stay equal but for their weights; side's get those of from. */
static void merge(struct profile_diff *diff, const struct stacks *from, int side)
{
    size_t count = stacks_node_count(from);
    const struct stacks_node *nodes = stacks_nodes(from);
    uint32_t *place = mem_array(count, sizeof *place);
    for (size_t i = 0; i < count; i++) {
        struct stacks_frame frame = { .function = "" };
        bool is_frame = i > 0;
        if (is_frame) {
            frame = stacks_frames(from)[nodes[i].frame];
            is_frame = frame.kind != STACKS_THREAD;
            frame.file = "";
            frame.line = 0;
            frame.kind = frame.kind == STACKS_INLINE ? STACKS_USER : frame.kind;
        }
        uint32_t parent = i ? place[nodes[i].parent] : 0;
        struct stacks *trees[4] = { diff->weights[0], diff->weights[1], diff->counts[0], diff->counts[1] };
        place[i] = parent;
        for (int tree = 0; is_frame && tree < 4; tree++)
            place[i] = stacks_add_node(trees[tree], parent, stacks_add_frame(trees[tree], &frame));
        stacks_add_weight(diff->weights[side], place[i], nodes[i].self, nodes[i].count);
        stacks_add_weight(diff->counts[side], place[i], nodes[i].count, nodes[i].count);
    }
    free(place);
}

/* ---- tests ---- */

static void test_nodes(struct profile_diff *diff)
{
    size_t count = stacks_node_count(diff->weights[0]);
    uint64_t *totals[2] = { mem_array(count, sizeof **totals), mem_array(count, sizeof **totals) };
    stacks_totals(diff->counts[0], totals[0]);
    stacks_totals(diff->counts[1], totals[1]);
    diff->p = mem_array(count, sizeof *diff->p);
    diff->changed = mem_array(count, sizeof *diff->changed);
    diff->counted = totals[0][0] > 0 && totals[1][0] > 0;
    diff->p[0] = NAN;
    for (size_t i = 1; i < count; i++)
        diff->p[i] = diff->counted ? stats_proportions(totals[0][i], totals[0][0], totals[1][i], totals[1][0]).p : NAN;
    stats_benjamini_hochberg(diff->p, count, PROFILE_DIFF_RATE, diff->changed);
    free(totals[0]);
    free(totals[1]);
}

/* The functions of one tree by the number of their first frame, which is the same in all four. */
static struct stacks_function *functions_by_frame(const struct stacks *stacks)
{
    struct stacks_function *list, *by_frame = mem_array(stacks_frame_count(stacks), sizeof *by_frame);
    size_t count;
    stacks_top(stacks, &list, &count);
    for (size_t i = 0; i < count; i++)
        by_frame[list[i].frame] = list[i];
    free(list);
    return by_frame;
}

static double largest_change(const struct profile_diff_function *function)
{
    return fmax(fabs(function->flat[1] - function->flat[0]), fabs(function->cumulative[1] - function->cumulative[0]));
}

/* Flat changes first: they say where the time goes; what has none only calls what changed. */
static int compare_functions(const void *left, const void *right)
{
    const struct profile_diff_function *a = left, *b = right;
    double flat = fabs(b->flat[1] - b->flat[0]) - fabs(a->flat[1] - a->flat[0]);
    double change = flat != 0 ? flat : largest_change(b) - largest_change(a);
    return change > 0 ? 1 : change < 0 ? -1 : a->frame < b->frame ? -1 : a->frame > b->frame;
}

static void test_functions(struct profile_diff *diff)
{
    struct stacks_function *weights[2], *counts[2], *list;
    double total[2], *p;
    uint64_t samples[2];
    size_t count;
    for (int side = 0; side < 2; side++) {
        const struct profile of = { .stacks = diff->weights[side] };
        weights[side] = functions_by_frame(diff->weights[side]);
        counts[side] = functions_by_frame(diff->counts[side]);
        total[side] = (double)profile_total(&of);
        samples[side] = profile_samples(&of);
    }
    stacks_top(diff->weights[0], &list, &count);
    diff->functions = mem_array(count, sizeof *diff->functions);
    diff->function_count = count;
    p = mem_array(2 * count, sizeof *p);
    bool *changed = mem_array(2 * count, sizeof *changed);
    for (size_t i = 0; i < count; i++) {
        uint32_t frame = list[i].frame;
        struct profile_diff_function *function = &diff->functions[i];
        function->frame = frame;
        for (int side = 0; side < 2; side++) {
            function->flat[side] = (double)weights[side][frame].flat / total[side];
            function->cumulative[side] = (double)weights[side][frame].cumulative / total[side];
        }
        p[2 * i] = stats_proportions(counts[0][frame].flat, samples[0], counts[1][frame].flat, samples[1]).p;
        p[2 * i + 1] =
            stats_proportions(counts[0][frame].cumulative, samples[0], counts[1][frame].cumulative, samples[1]).p;
    }
    stats_benjamini_hochberg(p, 2 * count, PROFILE_DIFF_RATE, changed);
    for (size_t i = 0; i < count; i++) {
        diff->functions[i].flat_p = p[2 * i];
        diff->functions[i].cumulative_p = p[2 * i + 1];
        diff->functions[i].flat_changed = changed[2 * i];
        diff->functions[i].cumulative_changed = changed[2 * i + 1];
    }
    qsort(diff->functions, count, sizeof *diff->functions, compare_functions);
    for (int side = 0; side < 2; side++) {
        free(weights[side]);
        free(counts[side]);
    }
    free(list);
    free(p);
    free(changed);
}

int profile_diff_make(struct profile_diff *diff, const struct profile *baseline, const struct profile *candidate,
                      struct error *error)
{
    *diff = (struct profile_diff){ .sides = { baseline, candidate } };
    if (!str_equal(baseline->about.kind, candidate->about.kind) ||
        !str_equal(baseline->about.unit, candidate->about.unit))
        return error_set(error, ERROR_USAGE, "'%.80s' is of %s in %s, '%.80s' of %s in %s: they cannot be compared",
                         baseline->about.title, baseline->about.kind, baseline->about.unit, candidate->about.title,
                         candidate->about.kind, candidate->about.unit);
    for (int side = 0; side < 2; side++)
        if (profile_total(diff->sides[side]) == 0)
            return error_set(error, ERROR_STATE, "'%.80s' has no samples", diff->sides[side]->about.title);
    for (int side = 0; side < 2; side++) {
        diff->weights[side] = stacks_create();
        diff->counts[side] = stacks_create();
    }
    merge(diff, baseline->stacks, PROFILE_BASELINE);
    merge(diff, candidate->stacks, PROFILE_CANDIDATE);
    test_nodes(diff);
    test_functions(diff);
    return 0;
}

void profile_diff_release(struct profile_diff *diff)
{
    for (int side = 0; side < 2; side++) {
        stacks_release(diff->weights[side]);
        stacks_release(diff->counts[side]);
    }
    free(diff->p);
    free(diff->changed);
    free(diff->functions);
    *diff = (struct profile_diff){ 0 };
}

const char *profile_diff_title(const struct profile_diff *diff, struct arena *arena)
{
    const char *baseline = diff->sides[0]->about.title, *candidate = diff->sides[1]->about.title;
    return str_equal(baseline, candidate) ? baseline : arena_format(arena, "%s → %s", baseline, candidate);
}

const char *profile_diff_note(const struct profile_diff *diff, struct arena *arena)
{
    if (!diff->counted)
        return "The numbers of samples are not known, so no change can be called significant.";
    return arena_format(
        arena,
        "%llu samples before, %llu after. A change is significant (*) if sampling alone would hardly make it: two "
        "proportions of samples (z test, Fisher's exact test below 50 expected), Benjamini-Hochberg at %.0f %% over all. "
        "It says that the two recordings differ; what differs from run to run does, too.",
        (unsigned long long)profile_samples(&(struct profile){ .stacks = diff->weights[0] }),
        (unsigned long long)profile_samples(&(struct profile){ .stacks = diff->weights[1] }), 100 * PROFILE_DIFF_RATE);
}
