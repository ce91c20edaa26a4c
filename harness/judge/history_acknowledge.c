/* history_acknowledge.c: steps for which somebody answers. */
#include "harness/base/str.h"
#include "harness/judge/history.h"
#include <math.h>
#include <regex.h>

static bool speaks_of(const struct gate_acknowledgement *item, const struct history *history,
                      const struct history_change *change, int64_t now_ns)
{
    regex_t regex;
    if (now_ns >= item->until_ns || fabs(change->change.effect) > item->up_to)
        return false;
    if ((item->suite && !str_equal(item->suite, history->suite)) ||
        (item->metric && !str_equal(item->metric, history->metric)))
        return false;
    if (item->commit && (!change->commit_after || !str_starts(change->commit_after, item->commit)))
        return false;
    if (regcomp(&regex, item->pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool matches = regexec(&regex, history->name, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

void history_acknowledge(struct history *history, const struct gate_acknowledgements *all, int64_t now_ns,
                         struct arena *arena)
{
    for (size_t c = 0; c < history->change_count; c++)
        for (size_t i = 0; i < all->count && !history->changes[c].acknowledged; i++)
            if (history->changes[c].verdict == JUDGE_REGRESSED &&
                speaks_of(&all->items[i], history, &history->changes[c], now_ns))
                history->changes[c].acknowledged = arena_format(arena, "%s (%s, until %s)", all->items[i].reason,
                                                                all->items[i].author, all->items[i].until);
}
