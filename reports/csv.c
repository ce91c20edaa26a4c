/* csv.c: comma-separated values: a run and a judgement, one row a case and metric, with a head line. */
#include "reports/csv.h"
#include "reports/escape.h"
#include "reports/judgement_words.h"
#include "reports/report.h"
#include <math.h>
#include <string.h>

void csv_text(struct str *out, const char *text)
{
    struct str plain = { 0 };
    if (!text)
        return;
    escape_plain(&plain, text);
    str_append_char(out, '"');
    if (plain.length && strchr("=+-@", plain.data[0]))
        str_append_char(out, '\'');
    for (const char *at = str_text(&plain); *at; at++)
        str_append(out, *at == '"' ? "\"\"" : (char[]){ *at, 0 });
    str_append_char(out, '"');
    str_release(&plain);
}

void csv_number(struct str *out, double value)
{
    if (isfinite(value))
        str_appendf(out, "%.15g", value);
}

static void numbers(struct str *out, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        str_append_char(out, ',');
        csv_number(out, values[i]);
    }
}

static void texts(struct str *out, const char *const *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        str_append(out, i ? "," : "");
        csv_text(out, fields[i]);
    }
}

/* ---- a run ---- */

static void summary_row(struct str *out, const struct store_case *item, const char *name, const char *unit,
                        const char *pass, const struct stats_summary *summary)
{
    const char *fields[] = { item->suite, item->name, name, unit, pass };
    const double values[] = { (double)summary->count, summary->median,  summary->interval.low, summary->interval.high,
                              summary->minimum,       summary->maximum, summary->mean,         summary->robust_sd };
    if (!summary->count)
        return;
    texts(out, fields, sizeof fields / sizeof fields[0]);
    numbers(out, values, sizeof values / sizeof values[0]);
    str_append(out, "\r\n");
}

static void case_rows(struct str *out, const struct store_case *item)
{
    const struct store_series times[] = {
        { .name = "real_time", .unit = "ns", .values = item->real_time_ns },
        { .name = "cpu_time", .unit = "ns", .values = item->cpu_time_ns },
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct store_series series = times[i];
        series.processes = item->processes;
        series.count = item->sample_count;
        struct stats_summary summary = view_series_summary(&series);
        summary_row(out, item, series.name, series.unit, "timed", &summary);
    }
    for (size_t i = 0; i < item->metric_count; i++) {
        const struct store_series *series = &item->metrics[i];
        struct stats_summary summary = view_series_summary(series);
        summary_row(out, item, series->name, series->unit, view_pass_name(series->pass), &summary);
    }
}

int report_csv(const struct view *view, const struct report_options *options, struct str *out, struct error *error)
{
    (void)options;
    (void)error;
    str_append(out, "suite,case,metric,unit,pass,n,median,low,high,minimum,maximum,mean,robust_sd\r\n");
    for (size_t i = 0; i < view->case_count; i++)
        case_rows(out, view->cases[i].source);
    return 0;
}

/* ---- a judgement ---- */

static void metric_row(struct str *out, const struct comparison *comparison, const struct compare_case *item,
                       const struct compare_metric *metric)
{
    static const char *const outputs[] = { "", "same", "within", "different" };
    if (!metric->name)
        return;
    const char *fields[] = { comparison->base_name,
                             comparison->candidate_name,
                             item->suite,
                             item->name,
                             judge_verdict_name(item->verdict),
                             metric->name,
                             metric->unit,
                             view_pass_name(metric->pass),
                             judge_verdict_name(metric->verdict) };
    const double values[] = {
        (double)metric->base.count,
        metric->base.count ? metric->base.median : NAN,
        (double)metric->candidate.count,
        metric->candidate.count ? metric->candidate.median : NAN,
        (double)metric->pairs,
        judge_percent(metric->effect),
        judge_percent(metric->interval.low),
        judge_percent(metric->interval.high),
        metric->p,
        metric->q,
        judge_percent(metric->floor),
        judge_percent(metric->noise),
        judge_percent(metric->detectable),
    };
    const char *last[] = { outputs[item->output], item->acknowledged, metric->reason ? metric->reason : item->reason };
    texts(out, fields, sizeof fields / sizeof fields[0]);
    numbers(out, values, sizeof values / sizeof values[0]);
    str_append_char(out, ',');
    texts(out, last, sizeof last / sizeof last[0]);
    str_append(out, "\r\n");
}

static void finding_row(struct str *out, const struct gate_finding *finding)
{
    const char *fields[] = { NULL,
                             finding->comparator,
                             finding->suite,
                             finding->name,
                             judgement_target_word(finding),
                             finding->metric,
                             finding->unit,
                             "target" };
    texts(out, fields, sizeof fields / sizeof fields[0]);
    str_append(out, ",,,");
    csv_number(out, finding->limit);
    str_append(out, ",,");
    csv_number(out, finding->actual);
    str_append(out, ",,,,,,,,,,,");
    csv_text(out, finding->acknowledged_reason);
    str_append_char(out, ',');
    csv_text(out, finding->text);
    str_append(out, "\r\n");
}

int judgement_csv(const struct judgement *judgement, const struct report_options *options, struct str *out,
                  struct error *error)
{
    (void)options;
    (void)error;
    str_append(out, "base,candidate,suite,case,case_verdict,metric,unit,pass,verdict,base_n,base_median,candidate_n,"
                    "candidate_median,pairs,percent,percent_low,percent_high,p,q,floor_percent,noise_percent,"
                    "detectable_percent,output,acknowledged,reason\r\n");
    for (size_t c = 0; c < judgement->count; c++)
        for (size_t i = 0; i < judgement->comparisons[c].case_count; i++) {
            const struct compare_case *item = &judgement->comparisons[c].cases[i];
            metric_row(out, &judgement->comparisons[c], item, &item->time);
            metric_row(out, &judgement->comparisons[c], item, &item->cpu);
            for (size_t m = 0; m < item->metric_count; m++)
                metric_row(out, &judgement->comparisons[c], item, &item->metrics[m]);
        }
    for (size_t i = 0; judgement->gate && i < judgement->gate->count; i++)
        if (judgement->gate->findings[i].kind == GATE_TARGET)
            finding_row(out, &judgement->gate->findings[i]);
    return 0;
}
