/* gate_excuse.c: whether somebody answers for a finding. */
#include "harness/judge/gate_internal.h"
#include "harness/base/str.h"
#include <math.h>

static bool speaks_of(const struct gate_work *work, size_t index, const char *suite, const char *name,
                      const char *metric, const char *commit)
{
    const struct gate_acknowledgement *item = &work->input->acknowledgements->items[index];
    if (item->suite && !str_equal(item->suite, suite))
        return false;
    if (item->metric ? !str_equal(item->metric, metric) : str_equal(metric, "output") || str_equal(metric, "failure"))
        return false;
    if (item->commit && (!commit || !str_starts(commit, item->commit)))
        return false;
    return regexec(&work->excuses[index], name, 0, NULL, 0) == 0;
}

struct gate_excuse gate_excuse_find(struct gate_work *work, const char *suite, const char *name, const char *metric,
                                    double effect, const char *commit)
{
    struct gate_excuse found = { 0 };
    const struct gate_acknowledgements *all = work->input->acknowledgements;
    for (size_t i = 0; all && i < all->count; i++) {
        const struct gate_acknowledgement *item = &all->items[i];
        if (!speaks_of(work, i, suite, name, metric, commit))
            continue;
        found.item = item;
        if (work->input->now_ns >= item->until_ns) {
            found.why_not = arena_format(work->arena, "acknowledged by %s until %s only", item->author, item->until);
            continue;
        }
        if (effect > item->up_to) {
            found.why_not = arena_format(work->arena, "acknowledged by %s up to %s only", item->author,
                                         gate_text_percent(work->arena, item->up_to));
            continue;
        }
        found.holds = true;
        found.why_not = NULL;
        return found;
    }
    return found;
}

void gate_excuse_apply(struct gate_finding *finding, const struct gate_excuse *excuse, struct arena *arena)
{
    if (!excuse->item)
        return;
    if (!excuse->holds) {
        finding->text = arena_format(arena, "%s (%s)", finding->text, excuse->why_not);
        return;
    }
    finding->acknowledged_by = excuse->item->author;
    finding->acknowledged_reason = excuse->item->reason;
    finding->acknowledged_until = excuse->item->until;
    finding->outcome = "acknowledged";
}
