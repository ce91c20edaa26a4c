/* ab_confirm.c: what a look calls regressed or improved is measured again before that stands.
 *
 * Of many cases some look changed by luck, and the more so the busier the machine: the call is a selection. So an
 * attempt of fresh blocks follows at once, as many pairs as the call had, with a p of their own. What they do not
 * confirm stays open, and its attempt then counts as data like all other. The rounds of attempt i begin at
 * ab_confirm_from() * (i + 1). A group (suite, operation) that is called while none of its cases is, is measured again
 * as a whole. */
#include "harness/run/ab_internal.h"
#include "harness/base/log.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"

struct again {
    struct ab_case *subject;
    int blocks;
};

struct again_list {
    struct again *items;
    size_t count;
    int most; /* blocks */
};

int ab_confirm_from(const struct ab *ab)
{
    return 2 * ab_block_limit(ab);
}

static struct ab_case *find_subject(struct ab *ab, const struct compare_case *judged)
{
    for (size_t i = 0; i < ab->case_count; i++)
        if (str_equal(ab->cases[i].name, judged->name) && str_equal(ab->cases[i].suite_name, judged->suite))
            return &ab->cases[i];
    return NULL;
}

/* As many pairs as the call had, and not fewer than can say anything. attempts: so many the case may have. */
static void add(struct ab *ab, struct again_list *list, const struct compare_case *judged, int look, int attempts)
{
    struct ab_case *subject = find_subject(ab, judged);
    int limit = ab_block_limit(ab), blocks = ((int)judged->time.pairs + 1) / 2;
    if (!subject || subject->state == AB_CLOSED || subject->attempts >= attempts || subject->attempted_look == look + 1)
        return;
    blocks = blocks < JUDGE_LEAST_PAIRS / 2 ? JUDGE_LEAST_PAIRS / 2 : blocks;
    blocks = blocks > limit ? limit : blocks;
    subject->attempted_look = look + 1;
    subject->attempts++;
    list->items[list->count++] = (struct again){ subject, blocks };
    list->most = blocks > list->most ? blocks : list->most;
}

static bool is_open_call(const struct compare_metric *time)
{
    return time->confirmation.state == COMPARE_UNMEASURED || time->confirmation.state == COMPARE_FRESH_DIFFERS;
}

/* Cases first; groups in the end only, and where no case was left to confirm them: they stop nothing on the way. */
static void collect(struct ab *ab, int look, bool final, struct again_list *list)
{
    const struct comparison *comparison = &ab->result->comparison;
    list->items = arena_array(&ab->arena, ab->case_count + 1, sizeof *list->items);
    for (size_t i = 0; i < comparison->case_count; i++)
        if (comparison->cases[i].time.confirmation.state == COMPARE_UNMEASURED)
            add(ab, list, &comparison->cases[i], look, AB_ATTEMPT_LIMIT);
    bool groups = final && list->count == 0;
    for (size_t i = 0; groups && i < comparison->group_count; i++) {
        const struct compare_group *group = &comparison->groups[i];
        for (size_t k = 0; is_open_call(&group->time) && k < group->count; k++)
            if (group->cases[k]->time.pairs)
                add(ab, list, group->cases[k], look, AB_ATTEMPT_LIMIT + 1);
    }
}

/* One block of each that still wants one, in random order, then the next. */
static int measure_again(struct ab *ab, const struct again_list *list, int look, struct error *error)
{
    struct rng rng;
    struct arena arena = { 0 };
    size_t *order = arena_array(&arena, list->count, sizeof *order);
    int code = 0;
    for (size_t i = 0; i < list->count; i++)
        order[i] = i;
    rng_seed(&rng, rng_mix(ab->seed, ~(uint64_t)look));
    for (size_t i = 0; i < list->count; i++)
        ab->progress.total += 4 * (size_t)list->items[i].blocks;
    for (int block = 0; code == 0 && block < list->most; block++) {
        rng_shuffle(&rng, order, list->count);
        for (size_t i = 0; code == 0 && i < list->count && !ab_is_over(ab); i++) {
            const struct again *again = &list->items[order[i]];
            if (block < again->blocks)
                code = ab_run_block(ab, again->subject, ab_block_limit(ab) * again->subject->attempts + block, error);
        }
    }
    progress_clear(&ab->progress);
    arena_release(&arena);
    return code;
}

int ab_confirm(struct ab *ab, int look, bool final, struct error *error)
{
    for (;;) {
        struct again_list list = { 0 };
        collect(ab, look, final, &list);
        if (list.count == 0 || ab_is_over(ab))
            return 0;
        if (!ab->options.quiet)
            log_info("look %d: measuring %zu case%s again, to confirm what it calls changed", look + 1, list.count,
                     list.count == 1 ? "" : "s");
        int code = measure_again(ab, &list, look, error);
        if (code == 0 && !ab->result->interrupted)
            code = ab_look(ab, look, error);
        if (code != 0 || ab->result->interrupted)
            return code;
        if (!ab->options.quiet)
            log_info("look %d, with what was measured again: %s", look + 1,
                     compare_line(&ab->result->comparison, &ab->arena));
    }
}
