/* gobench.c: a run or a comparison in the Go benchmark data format, which benchstat reads
 * (https://golang.org/design/14313-benchmark-format): configuration lines, then one line a process and case.
 *
 * "matvec/q4_0/rows:896" becomes "BenchmarkMatvec/q4_0/rows=896": benchstat's sub-name keys. The suite is the
 * configuration key pkg. Both sides of a comparison are in one file, told apart by the key side:
 * `benchstat -col side FILE`. Metrics keep their names as units; Unit lines say which way is better. What only says how
 * well it was measured is left out: benchstat makes a table of every unit. */
#include "harness/base/mem.h"
#include "reports/judgement_words.h"
#include "reports/report.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- words of a line ---- */

/* A name or unit: no blanks, nothing that is not ASCII. */
static void word(struct str *out, const char *text)
{
    if (!*text)
        str_append(out, "_");
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        str_append_char(out, byte > 32 && byte < 127 ? (char)byte : '_');
    }
}

static void benchmark_name(struct str *out, const char *name)
{
    struct str plain = { 0 };
    word(&plain, name);
    str_append(out, "Benchmark");
    bool key = true; /* until the first colon of a part */
    for (const char *at = plain.data; *at; at++) {
        char byte = at == plain.data ? (char)toupper((unsigned char)*at) : *at;
        str_append_char(out, key && *at == ':' ? '=' : byte);
        key = *at == '/' || (key && *at != ':');
    }
    str_release(&plain);
}

/* "key: value" for all lines below; a value has one line. */
static void configuration(struct str *out, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    str_appendf(out, "%s: ", key);
    for (; *value; value++)
        str_append_char(out, (unsigned char)*value < 32 || *value == 127 ? ' ' : *value);
    str_append_char(out, '\n');
}

/* ---- samples ---- */

/* Medians of the processes: repetitions inside one are not independent, benchstat takes all lines to be. */
static size_t processes_of(const double *values, const int *processes, size_t count, double **medians)
{
    *medians = mem_array(count + 1, sizeof **medians);
    return values ? view_process_medians(values, processes, count, *medians) : 0;
}

static void timed_lines(struct str *out, const struct store_case *item)
{
    double *real, *cpu, **metrics = mem_array(item->metric_count + 1, sizeof *metrics);
    size_t *counts = mem_array(item->metric_count + 1, sizeof *counts);
    size_t n = processes_of(item->real_time_ns, item->processes, item->sample_count, &real);
    size_t cpu_count = processes_of(item->cpu_time_ns, item->processes, item->sample_count, &cpu);
    for (size_t m = 0; m < item->metric_count; m++)
        if (item->metrics[m].pass == STORE_PASS_TIMED && !compare_is_diagnostic(item->metrics[m].name))
            counts[m] = processes_of(item->metrics[m].values, item->processes, item->metrics[m].count, &metrics[m]);
    for (size_t i = 0; i < n; i++) {
        benchmark_name(out, item->name);
        str_appendf(out, " %lld %.9g ns/op", (long long)item->iterations[0], real[i]);
        if (cpu_count == n)
            str_appendf(out, " %.9g cpu-ns/op", cpu[i]);
        for (size_t m = 0; m < item->metric_count; m++)
            if (counts[m] == n) {
                str_appendf(out, " %.9g ", metrics[m][i]);
                word(out, item->metrics[m].name);
            }
        str_append_char(out, '\n');
    }
    for (size_t m = 0; m < item->metric_count; m++)
        free(metrics[m]);
    free(metrics);
    free(counts);
    free(real);
    free(cpu);
}

/* What a pass measured, in lines of its own: its processes are others. */
static void pass_lines(struct str *out, const struct store_case *item)
{
    for (size_t m = 0; m < item->metric_count; m++) {
        const struct store_series *series = &item->metrics[m];
        if (series->pass == STORE_PASS_TIMED || compare_is_diagnostic(series->name))
            continue;
        double *medians;
        size_t n = processes_of(series->values, series->processes, series->count, &medians);
        for (size_t i = 0; i < n; i++) {
            benchmark_name(out, item->name);
            str_appendf(out, " 1 %.9g ", medians[i]);
            word(out, series->name);
            str_append_char(out, '\n');
        }
        free(medians);
    }
}

static void case_lines(struct str *out, const struct store_case *item, const char **suite)
{
    if (!item || !item->sample_count)
        return;
    if (!str_equal(*suite, item->suite)) {
        *suite = item->suite;
        configuration(out, "pkg", item->suite);
    }
    timed_lines(out, item);
    pass_lines(out, item);
}

/* ---- documents ---- */

static void unit_lines(struct str *out, const struct store_case *item, struct str *seen)
{
    for (size_t m = 0; item && m < item->metric_count; m++) {
        const struct store_series *series = &item->metrics[m];
        bool higher = judge_higher_is_better(series->name, series->unit), exact = series->pass == STORE_PASS_CALLGRIND;
        struct str line = { 0 };
        if ((!higher && !exact) || compare_is_diagnostic(series->name))
            continue;
        str_append(&line, "Unit ");
        word(&line, series->name);
        str_append(&line, higher ? " better=higher" : " better=lower");
        str_append(&line, exact ? " assume=exact\n" : "\n");
        if (!strstr(str_text(seen), str_text(&line))) {
            str_append(seen, str_text(&line));
            str_append(out, str_text(&line));
        }
        str_release(&line);
    }
}

/* benchstat compares only lines whose configuration is the same, so which run it is stands in a remark. */
static void run_head(struct str *out, const struct store_run_row *run)
{
    const char *commit = judgement_fact(run, "git_commit");
    str_appendf(out, "# run %lld, commit ", (long long)run->id);
    word(out, commit ? commit : "unknown");
    str_append_char(out, '\n');
    const char *kernel = judgement_fact(run, "kernel"), *architecture = judgement_fact(run, "architecture");
    configuration(out, "goos", kernel && str_starts(kernel, "Linux") ? "linux" : NULL);
    configuration(out, "goarch",
                  str_equal(architecture, "x86_64")    ? "amd64"
                  : str_equal(architecture, "aarch64") ? "arm64"
                                                       : architecture);
    configuration(out, "cpu", judgement_fact(run, "cpu_name"));
}

int report_gobench(const struct view *view, const struct report_options *options, struct str *out, struct error *error)
{
    (void)options;
    (void)error;
    const char *suite = NULL;
    struct str seen = { 0 };
    run_head(out, &view->run);
    for (size_t i = 0; i < view->case_count; i++)
        unit_lines(out, view->cases[i].source, &seen);
    for (size_t i = 0; i < view->case_count; i++)
        case_lines(out, view->cases[i].source, &suite);
    str_release(&seen);
    return 0;
}

static void side(struct str *out, const struct comparison *comparison, bool candidate)
{
    const char *suite = NULL;
    run_head(out, candidate ? &comparison->candidate : &comparison->base);
    configuration(out, "side", candidate ? comparison->candidate_name : comparison->base_name);
    for (size_t i = 0; i < comparison->case_count; i++)
        case_lines(out, candidate ? comparison->cases[i].candidate : comparison->cases[i].base, &suite);
}

int judgement_gobench(const struct judgement *judgement, const struct report_options *options, struct str *out,
                      struct error *error)
{
    (void)options;
    (void)error;
    struct str seen = { 0 };
    for (size_t c = 0; c < judgement->count; c++)
        for (size_t i = 0; i < judgement->comparisons[c].case_count; i++) {
            unit_lines(out, judgement->comparisons[c].cases[i].base, &seen);
            unit_lines(out, judgement->comparisons[c].cases[i].candidate, &seen);
        }
    for (size_t c = 0; c < judgement->count; c++) {
        if (c == 0)
            side(out, &judgement->comparisons[c], false); /* the base is the same for all */
        side(out, &judgement->comparisons[c], true);
    }
    str_release(&seen);
    return 0;
}
