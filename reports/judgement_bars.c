/* judgement_bars.c: see judgement_bars.h. */
#include "reports/judgement_bars.h"
#include "reports/escape.h"
#include "reports/judgement_words.h"
#include "reports/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BAR = 45, EFFECT = 10 };

struct scale {
    double low, high; /* percent */
    double floor;     /* percent */
};

/* Whether a case can be drawn at all. */
static bool has_effect(const struct compare_case *item)
{
    return isfinite(item->time.effect) && item->time.interval.coverage > 0;
}

static int column(const struct scale *scale, double percent)
{
    double share = (percent - scale->low) / (scale->high - scale->low);
    return (int)lround(fmax(0, fmin(1, share)) * (BAR - 1));
}

/* Wide enough for the effects; of the intervals what fits in twice as much. */
static struct scale scale_of(struct compare_case *const *cases, size_t count, size_t limit)
{
    struct scale scale = { -1, 1, 0 };
    size_t seen = 0;
    for (size_t i = 0; i < count && seen < limit; i++) {
        if (!has_effect(cases[i]))
            continue;
        const struct compare_metric *time = &cases[i]->time;
        double low = judge_percent(time->interval.low), high = judge_percent(time->interval.high);
        double effect = judge_percent(time->effect);
        scale.low = fmin(scale.low, fmax(low, effect - fabs(effect) - 5));
        scale.high = fmax(scale.high, fmin(high, effect + fabs(effect) + 5));
        scale.floor = fmax(scale.floor, judge_percent(time->floor));
        seen++;
    }
    /* Zero never sticks to an edge. */
    scale.low = fmin(scale.low, -scale.high / 8);
    scale.high = fmax(scale.high, -scale.low / 8);
    return scale;
}

static const char *symbol_of(enum judge_verdict verdict)
{
    switch (verdict) {
    case JUDGE_REGRESSED: return "▲";
    case JUDGE_IMPROVED: return "▼";
    case JUDGE_WRONG:
    case JUDGE_FAILED: return "✕";
    case JUDGE_EQUIVALENT: return "●";
    case JUDGE_UNDECIDED:
    case JUDGE_NEW:
    case JUDGE_VERDICT_COUNT: break;
    }
    return "○";
}

static void bar(const struct compare_case *item, const struct scale *scale, struct str *out)
{
    const char *cells[BAR];
    const struct compare_metric *time = &item->time;
    double low = judge_percent(time->interval.low), high = judge_percent(time->interval.high);
    for (int i = 0; i < BAR; i++)
        cells[i] = " ";
    for (int i = column(scale, -scale->floor); i <= column(scale, scale->floor); i++)
        cells[i] = "·";
    cells[column(scale, 0)] = "│";
    for (int i = column(scale, low); i <= column(scale, high); i++)
        cells[i] = "─";
    if (low < scale->low)
        cells[0] = "◂";
    if (high > scale->high)
        cells[BAR - 1] = "▸";
    cells[column(scale, judge_percent(time->effect))] = symbol_of(item->verdict);
    for (int i = 0; i < BAR; i++)
        str_append(out, cells[i]);
}

/* Puts text centred at a column of line, if nothing is there yet. */
static void put(char *line, const char *text, int at)
{
    int length = (int)strlen(text), from = at - length / 2;
    from = from < 0 ? 0 : from + length > BAR ? BAR - length : from;
    for (int i = from - 1; i <= from + length; i++)
        if (i >= 0 && i < BAR && line[i] != ' ')
            return;
    memcpy(line + from, text, (size_t)length);
}

static void axis(const struct scale *scale, struct str *out)
{
    char line[BAR + 1], text[24];
    memset(line, ' ', BAR);
    line[BAR] = 0;
    put(line, "0", column(scale, 0));
    snprintf(text, sizeof text, "%+.3g %%", scale->low);
    put(line, text, 0);
    snprintf(text, sizeof text, "%+.3g %%", scale->high);
    put(line, text, BAR - 1);
    str_append(out, line);
    text_end_line(out);
}

size_t judgement_bars(struct compare_case *const *cases, size_t count, size_t limit, int width, struct str *out)
{
    size_t shown = 0;
    char text[40];
    struct scale scale = scale_of(cases, count, limit);
    for (size_t i = 0; i < count && shown < limit; i++) {
        if (!has_effect(cases[i]))
            continue;
        if (shown++ == 0)
            axis(&scale, out);
        bar(cases[i], &scale, out);
        text_right(out, judgement_effect(text, sizeof text, cases[i]->time.effect), EFFECT);
        str_append(out, "  ");
        struct str name = { 0 };
        str_appendf(&name, "%s %s", cases[i]->suite, cases[i]->name);
        escape_fit(out, str_text(&name), width - BAR - EFFECT - 2);
        str_release(&name);
        text_end_line(out);
    }
    return shown;
}

const char *judgement_bars_legend(void)
{
    return "▲ slower  ▼ faster  ✕ wrong output  ○ undecided  ● equivalent  ─ interval  · floor";
}
