/* history_words.c: how the numbers of a history are written, and its course in one line. */
#include "harness/base/mem.h"
#include "reports/history_report.h"
#include "reports/number.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COMMIT_LENGTH = 7 };

static enum number_kind kind_of_unit(const char *unit)
{
    static const struct {
        const char *unit;
        enum number_kind kind;
    } kinds[] = { { "ns", NUMBER_TIME_NS },      { "ms", NUMBER_TIME_MS }, { "B", NUMBER_BYTES },
                  { "B/s", NUMBER_BYTE_RATE },   { "%", NUMBER_PERCENT },  { "flop/s", NUMBER_FLOP_RATE },
                  { "FLOP/s", NUMBER_FLOP_RATE } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_equal(unit, kinds[i].unit))
            return kinds[i].kind;
    return NUMBER_COUNT;
}

static enum number_kind kind_of(const struct history *history)
{
    return str_equal(history->metric, "tokens_per_second") ? NUMBER_TOKEN_RATE : kind_of_unit(history->unit);
}

char *history_value(char *buffer, size_t size, const struct history *history, double value)
{
    return number_text(buffer, size, kind_of(history), value);
}

struct history_scale history_scale(const struct history *history)
{
    struct number_scale scale = number_scale(kind_of(history), history->median);
    return (struct history_scale){ scale.factor, scale.unit };
}

char *history_percent(char *buffer, size_t size, double log_ratio)
{
    double percent = judge_percent(log_ratio);
    snprintf(buffer, size, fabs(percent) < 9.95 ? "%+.1f %%" : "%+.0f %%", percent);
    return buffer;
}

char *history_when(char *buffer, size_t size, int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000);
    struct tm utc;
    if (!gmtime_r(&seconds, &utc) || strftime(buffer, size, "%Y-%m-%d %H:%M", &utc) == 0)
        snprintf(buffer, size, "?");
    return buffer;
}

char *history_commits(char *buffer, size_t size, const struct history_change *change)
{
    const char *before = change->commit_before, *after = change->commit_after;
    if (!before || !*before || !after || !*after)
        snprintf(buffer, size, "commits not known");
    else if (str_equal(before, after))
        snprintf(buffer, size, "same commit %.*s", COMMIT_LENGTH, after);
    else if (change->commit_count > 0)
        snprintf(buffer, size, "%.*s..%.*s, %d commit%s", COMMIT_LENGTH, before, COMMIT_LENGTH, after,
                 change->commit_count, change->commit_count == 1 ? "" : "s");
    else
        snprintf(buffer, size, "%.*s..%.*s", COMMIT_LENGTH, before, COMMIT_LENGTH, after);
    return buffer;
}

/* Of the points that share a character, the median. The range is that of the levels and their noise, so that one wild
 * value does not flatten the rest. */
void history_sparkline(struct str *out, const struct history *history, size_t width)
{
    static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    size_t count = history->count, columns = count < width ? count : width;
    if (count < 2 || columns < 2)
        return;
    double *values = mem_array(count, sizeof *values), *logs = mem_array(columns, sizeof *logs);
    for (size_t i = 0; i < count; i++)
        values[i] = log(history->points[i].value);
    for (size_t c = 0; c < columns; c++) {
        size_t begin = c * count / columns, end = (c + 1) * count / columns;
        logs[c] = stats_median(values + begin, end - begin);
    }
    double low = stats_quantile(values, count, 0.02), high = stats_quantile(values, count, 0.98);
    double room = fmax(0.02, high - low), middle = (low + high) / 2; /* 2 %: noise alone makes no mountains */
    for (size_t c = 0; c < columns; c++) {
        double share = (logs[c] - middle) / room + 0.5;
        str_append(out, blocks[(int)fmin(7, fmax(0, floor(share * 8)))]);
    }
    free(values);
    free(logs);
}
