/* history_data.c: histories for programs: JSON with everything, CSV with a row a point; and the table of formats. */
#include "reports/history_report.h"
#include "reports/json_text.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct history_format formats[] = {
    { "text", ".txt", history_text },
    { "markdown", ".md", history_markdown },
    { "json", ".json", history_json },
    { "csv", ".csv", history_csv },
};

const struct history_format *history_format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (str_equal(formats[i].name, name))
            return &formats[i];
    return NULL;
}

const struct history_format *history_format_of_path(const char *path)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (str_ends(path, formats[i].extension))
            return &formats[i];
    return NULL;
}

static void key(struct str *out, const char *name)
{
    str_appendf(out, "\"%s\": ", name);
}

static void text_member(struct str *out, const char *name, const char *text)
{
    key(out, name);
    if (text)
        json_text(out, text);
    else
        str_append(out, "null");
    str_append(out, ", ");
}

static void number_member(struct str *out, const char *name, double value)
{
    key(out, name);
    if (isfinite(value))
        str_appendf(out, "%.17g, ", value);
    else
        str_append(out, "null, ");
}

/* The comma after the last member goes. */
static void end_object(struct str *out)
{
    if (out->length > 2 && out->data[out->length - 2] == ',')
        out->data[out->length -= 2] = 0;
    str_append(out, "}");
}

static void json_point(struct str *out, const struct history_point *point)
{
    str_append(out, "{");
    number_member(out, "run", (double)point->run_id);
    number_member(out, "started", (double)(point->started_ns / 1000000) / 1000);
    text_member(out, "commit", point->commit);
    text_member(out, "branch", point->branch);
    text_member(out, "tag", point->tag);
    text_member(out, "environment", point->environment);
    number_member(out, "processes", (double)point->count);
    number_member(out, "value", point->value);
    number_member(out, "low", point->interval.coverage > 0 ? point->interval.low : NAN);
    number_member(out, "high", point->interval.coverage > 0 ? point->interval.high : NAN);
    str_appendf(out, "\"pruned\": %s", point->pruned ? "true}" : "false}");
}

static void json_change(struct str *out, const struct history *history, const struct history_change *change)
{
    str_append(out, "{");
    number_member(out, "index", (double)change->change.index);
    number_member(out, "run", (double)history->points[change->change.index].run_id);
    text_member(out, "verdict", judge_verdict_name(change->verdict));
    number_member(out, "percent", judge_percent(change->change.effect));
    number_member(out, "percent_low", judge_percent(change->interval.low));
    number_member(out, "percent_high", judge_percent(change->interval.high));
    number_member(out, "before", change->before);
    number_member(out, "after", change->after);
    number_member(out, "p", change->change.p);
    number_member(out, "separation", change->change.separation);
    text_member(out, "commit_before", change->commit_before);
    text_member(out, "commit_after", change->commit_after);
    number_member(out, "commits", change->commit_count > 0 ? (double)change->commit_count : (double)NAN);
    text_member(out, "environment", change->environment);
    text_member(out, "acknowledged", change->acknowledged);
    end_object(out);
}

static void json_history(struct str *out, const struct history *history)
{
    str_append(out, "{");
    text_member(out, "suite", history->suite);
    text_member(out, "name", history->name);
    text_member(out, "metric", history->metric);
    text_member(out, "unit", history->unit);
    text_member(out, "machine", history->machine);
    str_appendf(out, "\"higher_is_better\": %s, ", history->higher_is_better ? "true" : "false");
    number_member(out, "noise", history->noise);
    number_member(out, "segment", (double)history->segment);
    number_member(out, "median", history->count ? history->median : NAN);
    number_member(out, "environments", (double)history->environments);
    number_member(out, "other_machines", (double)history->others);
    text_member(out, "other_hardware", history->other_hardware);
    number_member(out, "sides", (double)history->sides);
    number_member(out, "not_positive", (double)history->bad);
    number_member(out, "not_measured", (double)history->unknown);
    str_append(out, "\n \"changes\": [");
    for (size_t i = 0; i < history->change_count; i++) {
        str_append(out, i ? ",\n  " : "\n  ");
        json_change(out, history, &history->changes[i]);
    }
    str_append(out, "],\n \"points\": [");
    for (size_t i = 0; i < history->count; i++) {
        str_append(out, i ? ",\n  " : "\n  ");
        json_point(out, &history->points[i]);
    }
    str_append(out, "]}");
}

void history_json(const struct history_report *report, struct str *out)
{
    str_append(out, "{\"histories\": [");
    for (size_t i = 0; i < report->count; i++) {
        str_append(out, i ? ",\n" : "\n");
        json_history(out, &report->histories[i]);
    }
    str_append(out, "\n]}\n");
}

static void csv_text(struct str *out, const char *text)
{
    text = text ? text : "";
    if (!strpbrk(text, ",\"\r\n")) {
        str_append(out, text);
        return;
    }
    str_append_char(out, '"');
    for (; *text; text++)
        str_appendf(out, *text == '"' ? "\"\"" : "%c", *text);
    str_append_char(out, '"');
}

static void csv_number(struct str *out, double value)
{
    if (isfinite(value))
        str_appendf(out, "%.17g", value);
}

static void csv_point(struct str *out, const struct history *history, size_t index, size_t level)
{
    const struct history_point *point = &history->points[index];
    const char *const texts[] = { history->suite, history->name, history->metric, history->unit,
                                  point->commit,  point->branch, point->tag };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        csv_text(out, texts[i]);
        str_append_char(out, ',');
    }
    str_appendf(out, "%lld,%.3f,%zu,", (long long)point->run_id, (double)point->started_ns / 1e9, point->count);
    csv_number(out, point->value);
    str_append_char(out, ',');
    csv_number(out, point->interval.coverage > 0 ? point->interval.low : NAN);
    str_append_char(out, ',');
    csv_number(out, point->interval.coverage > 0 ? point->interval.high : NAN);
    str_appendf(out, ",%zu,", level);
    if (level > 0 && history->changes[level - 1].change.index == index)
        csv_number(out, judge_percent(history->changes[level - 1].change.effect));
    str_append_char(out, ',');
    csv_text(out, point->environment);
    str_append_char(out, '\n');
}

void history_csv(const struct history_report *report, struct str *out)
{
    str_append(out, "suite,name,metric,unit,commit,branch,tag,run,started,processes,value,low,high,level,step_percent,"
                    "environment\n");
    for (size_t h = 0; h < report->count; h++) {
        const struct history *history = &report->histories[h];
        for (size_t i = 0, level = 0; i < history->count; i++) {
            level += level < history->change_count && history->changes[level].change.index == i;
            csv_point(out, history, i, level);
        }
    }
}
