/* view.c: store rows and statistics -> struct view. */
#include "reports/view.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first of these that a case has is its main metric; else real time. */
static const struct {
    const char *name;
    enum number_kind kind;
} main_metrics[] = {
    { "tokens_per_second", NUMBER_TOKEN_RATE },
    { "flops_per_second", NUMBER_FLOP_RATE },
    { "bytes_per_second", NUMBER_BYTE_RATE },
};

/* Columns in the order of the tables. A metric that is not here is in the JSON only. */
static const struct view_column known_columns[] = {
    { "real_time", "time", NUMBER_TIME_NS },
    { "percent_of_peak", "of peak", NUMBER_PERCENT },
    { "percent_of_bandwidth", "of memory", NUMBER_PERCENT },
    { "bytes_per_second", "bytes", NUMBER_BYTE_RATE },
    { "token_p50_ms", "token p50", NUMBER_TIME_MS },
    { "token_p90_ms", "token p90", NUMBER_TIME_MS },
    { "token_p99_ms", "token p99", NUMBER_TIME_MS },
    { "ttft_ms", "TTFT", NUMBER_TIME_MS },
    { "peak_rss_bytes", "peak RSS", NUMBER_BYTES },
    { "allocations_per_token", "allocs/token", NUMBER_PLAIN },
    { "max_rel_error", "max error", NUMBER_PLAIN },
};
enum { KNOWN_COLUMNS = sizeof known_columns / sizeof known_columns[0] };

static enum number_kind kind_of_metric(const char *name)
{
    for (size_t i = 0; i < KNOWN_COLUMNS; i++)
        if (str_equal(known_columns[i].name, name))
            return known_columns[i].kind;
    for (size_t i = 0; i < sizeof main_metrics / sizeof main_metrics[0]; i++)
        if (str_equal(main_metrics[i].name, name))
            return main_metrics[i].kind;
    if (str_ends(name, "_ns") || str_equal(name, "real_time") || str_equal(name, "cpu_time"))
        return NUMBER_TIME_NS;
    return str_ends(name, "_ms") ? NUMBER_TIME_MS : str_ends(name, "_bytes") ? NUMBER_BYTES : NUMBER_PLAIN;
}

/* ---- one case ---- */

/* With three values of which two agree the MAD is nearly 0 and the third is "an outlier": below VIEW_ROBUST_MINIMUM
 * values nothing is marked. */
static struct stats_summary summarize_values(const double *values, size_t count)
{
    struct stats_summary summary = stats_summarize(values, count, VIEW_CONFIDENCE);
    if (summary.count < VIEW_ROBUST_MINIMUM)
        summary.outliers = 0;
    return summary;
}

static size_t count_processes(const int *processes, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t j = 0;
        while (j < i && processes[j] != processes[i])
            j++;
        count += j == i;
    }
    return count;
}

size_t view_process_medians(const double *values, const int *processes, size_t n, double *medians)
{
    size_t reduced = 0;
    double *mine = mem_array(n + 1, sizeof *mine);
    bool *done = mem_array(n + 1, sizeof *done);
    for (size_t i = 0; i < n; i++) {
        size_t count = 0;
        for (size_t j = i; j < n && !done[i]; j++) {
            if (processes[j] != processes[i])
                continue;
            if (isfinite(values[j]))
                mine[count++] = values[j];
            done[j] = j > i;
        }
        if (count)
            medians[reduced++] = stats_median(mine, count);
    }
    free(mine);
    free(done);
    return reduced;
}

/* The summary of n values over their processes: the median of each process first, unless there is only one process. */
static struct stats_summary summarize(const double *values, const int *processes, size_t n)
{
    if (count_processes(processes, n) < 2)
        return summarize_values(values, n);
    double *medians = mem_array(n, sizeof *medians);
    struct stats_summary summary = summarize_values(medians, view_process_medians(values, processes, n, medians));
    free(medians);
    return summary;
}

struct stats_summary view_series_summary(const struct store_series *series)
{
    return summarize(series->values, series->processes, series->count);
}

/* Of the timed samples. */
static const struct store_series *find_series(const struct store_case *source, const char *name)
{
    for (size_t i = 0; i < source->metric_count; i++)
        if (source->metrics[i].pass == STORE_PASS_TIMED && str_equal(source->metrics[i].name, name))
            return &source->metrics[i];
    return NULL;
}

/* The program's own verdict where it gives one; else the thread stood in the run queue for more than VIEW_DELAY_LIMIT
 * of the wall time. */
bool view_is_contaminated(const struct view_case *view_case, size_t sample)
{
    const struct store_case *source = view_case->source;
    const struct store_series *verdict = find_series(source, "contaminated"),
                              *delay = find_series(source, "run_delay_ns");
    if (verdict && isfinite(verdict->values[sample]))
        return verdict->values[sample] != 0;
    double wall_ns = source->real_time_ns[sample] * (double)source->iterations[sample];
    return delay && isfinite(delay->values[sample]) && delay->values[sample] > VIEW_DELAY_LIMIT * wall_ns;
}

static void count_contaminated(struct view_case *view_case, const struct store_case *source)
{
    const struct store_series *delay = find_series(source, "run_delay_ns");
    for (size_t i = 0; i < source->sample_count; i++) {
        view_case->delay_known += delay && isfinite(delay->values[i]);
        view_case->contaminated += view_is_contaminated(view_case, i);
    }
}

static void build_case(struct view *view, struct view_case *view_case, const struct store_case *source)
{
    *view_case = (struct view_case){ .source = source, .suite = source->suite, .name = source->name };
    view_case->operation = case_name_part(view->arena, source->name, 0);
    view_case->samples = source->sample_count;
    view_case->processes = count_processes(source->processes, source->sample_count);
    view_case->within_process = view_case->processes == 1 && view_case->samples > 1;
    view_case->time_ns = summarize(source->real_time_ns, source->processes, source->sample_count);
    view_case->main_name = "real_time";
    view_case->kind = NUMBER_TIME_NS;
    view_case->main = view_case->time_ns;
    view_case->metrics = arena_array(view->arena, source->metric_count + 1, sizeof *view_case->metrics);
    for (size_t i = 0; i < sizeof main_metrics / sizeof main_metrics[0] && !view_case->higher_is_better; i++) {
        const struct store_series *series = find_series(source, main_metrics[i].name);
        struct stats_summary summary = { 0 };
        if (series)
            summary = view_series_summary(series);
        if (summary.count == 0)
            continue;
        view_case->main_name = main_metrics[i].name;
        view_case->kind = main_metrics[i].kind;
        view_case->main = summary;
        view_case->higher_is_better = true;
    }
    for (size_t i = 0; i < source->metric_count; i++) {
        const struct store_series *series = &source->metrics[i];
        if (series->pass == STORE_PASS_TIMED && str_equal(series->name, view_case->main_name))
            continue;
        view_case->metrics[view_case->metric_count++] = (struct view_metric){
            .name = series->name,
            .kind = kind_of_metric(series->name),
            .summary = view_series_summary(series),
            .state = series->worst_state,
            .reason = series->reason,
        };
    }
    const struct stats_summary *main = &view_case->main;
    view_case->spread = (main->count < VIEW_ROBUST_MINIMUM ? main->sd : main->robust_sd) / fabs(main->median);
    view_case->noisy = view_case->spread > VIEW_NOISE_LIMIT;
    count_contaminated(view_case, source);
}

double view_series_median(const struct store_series *series)
{
    return view_series_summary(series).median;
}

double view_counter(const struct view_case *view_case, const char *name)
{
    for (size_t i = 0; i < view_case->source->metric_count; i++) {
        const struct store_series *series = &view_case->source->metrics[i];
        if (series->pass == STORE_PASS_COUNTERS && str_equal(series->name, name))
            return view_series_median(series);
    }
    return NAN;
}

const struct stats_summary *view_metric(const struct view_case *view_case, const char *name)
{
    if (str_equal(name, view_case->main_name))
        return view_case->main.count ? &view_case->main : NULL;
    if (str_equal(name, "real_time"))
        return view_case->time_ns.count ? &view_case->time_ns : NULL;
    for (size_t i = 0; i < view_case->metric_count; i++)
        if (str_equal(view_case->metrics[i].name, name) && view_case->metrics[i].summary.count)
            return &view_case->metrics[i].summary;
    return NULL;
}

const char *view_notes(const struct view *view, const struct view_case *view_case)
{
    struct str notes = { 0 };
    if (view_case->contaminated)
        str_appendf(&notes, ", %zu/%zu contaminated", view_case->contaminated, view_case->delay_known);
    if (view_case->noisy)
        str_append(&notes, ", noisy");
    if (view_case->main.outliers)
        str_appendf(&notes, ", %zu outlier%s", view_case->main.outliers, view_case->main.outliers > 1 ? "s" : "");
    if (view_case->within_process)
        str_append(&notes, ", one process");
    if (view_case->source->error_count)
        str_appendf(&notes, ", %zu error%s", view_case->source->error_count,
                    view_case->source->error_count > 1 ? "s" : "");
    if (view_case->source->skip_count)
        str_appendf(&notes, ", %zu skipped", view_case->source->skip_count);
    const char *text = notes.length ? arena_strdup(view->arena, notes.data + 2) : "";
    str_release(&notes);
    return text;
}

/* ---- groups ---- */

/* A table of one row says little: a suite with fewer than three cases an operation gets one table for all of them. */
bool view_is_fragmented(const struct view *view, const char *suite)
{
    size_t cases = 0, operations = 0;
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        if (view_case->main.count == 0 || !str_equal(view_case->suite, suite))
            continue;
        bool first = true;
        for (size_t j = 0; j < i && first; j++)
            first = view->cases[j].main.count == 0 || !str_equal(view->cases[j].suite, suite) ||
                    !str_equal(view->cases[j].operation, view_case->operation);
        cases++;
        operations += first;
    }
    return operations > 1 && cases < 3 * operations;
}

static struct view_group *find_group(struct view *view, const struct view_case *view_case)
{
    for (size_t i = 0; i < view->group_count; i++) {
        struct view_group *group = &view->groups[i];
        if (str_equal(group->suite, view_case->suite) &&
            (!*group->operation || str_equal(group->operation, view_case->operation)))
            return group;
    }
    return NULL;
}

static void choose_columns(struct view *view, struct view_group *group)
{
    group->columns = arena_array(view->arena, KNOWN_COLUMNS, sizeof(struct view_column *));
    for (size_t c = 0; c < KNOWN_COLUMNS; c++)
        for (size_t i = 0; i < group->count; i++)
            if (!str_equal(group->cases[i]->main_name, known_columns[c].name) &&
                view_metric(group->cases[i], known_columns[c].name)) {
                group->columns[group->column_count++] = &known_columns[c];
                break;
            }
}

/* Groups of a suite stand together because the store orders cases by suite. */
static void build_groups(struct view *view)
{
    view->groups = arena_array(view->arena, view->case_count + 1, sizeof *view->groups);
    for (size_t i = 0; i < view->case_count; i++) {
        struct view_case *view_case = &view->cases[i];
        if (view_case->main.count == 0)
            continue;
        struct view_group *group = find_group(view, view_case);
        if (!group) {
            group = &view->groups[view->group_count++];
            group->suite = view_case->suite;
            group->operation = view_is_fragmented(view, view_case->suite) ? "" : view_case->operation;
        }
        group->count++;
    }
    for (size_t g = 0; g < view->group_count; g++) {
        view->groups[g].cases = arena_array(view->arena, view->groups[g].count, sizeof(struct view_case *));
        view->groups[g].count = 0;
    }
    for (size_t i = 0; i < view->case_count; i++) {
        struct view_group *group = view->cases[i].main.count ? find_group(view, &view->cases[i]) : NULL;
        if (group)
            group->cases[group->count++] = &view->cases[i];
    }
    for (size_t g = 0; g < view->group_count; g++)
        choose_columns(view, &view->groups[g]);
}

/* ---- problems ---- */

static void add_case_problem(struct view *view, const struct store_case *source)
{
    bool error = source->error_count > 0;
    view->problems[view->problem_count++] =
        (struct view_problem){ .kind = error ? VIEW_ERROR : VIEW_SKIPPED,
                               .suite = source->suite,
                               .name = source->name,
                               .reason = source->message ? source->message : "no reason given",
                               .count = error ? source->error_count : source->skip_count };
    view->errors += error;
    view->skipped += !error;
}

/* The same failure in several rounds is one problem with a count. */
static void add_failure(struct view *view, const struct store_failure_row *failure)
{
    view->failed++;
    for (size_t i = 0; i < view->problem_count; i++) {
        struct view_problem *problem = &view->problems[i];
        if (problem->kind == VIEW_FAILED && str_equal(problem->suite, failure->suite) &&
            str_equal(problem->reason, failure->reason)) {
            problem->count++;
            return;
        }
    }
    view->problems[view->problem_count++] =
        (struct view_problem){ .kind = VIEW_FAILED,
                               .suite = failure->suite,
                               .reason = failure->reason,
                               .detail = failure->stderr_tail && *failure->stderr_tail ? failure->stderr_tail : NULL,
                               .count = 1 };
}

static void build_problems(struct view *view, const struct store_failure_row *failures, size_t failure_count)
{
    view->problems = arena_array(view->arena, failure_count + view->case_count + 1, sizeof *view->problems);
    for (size_t i = 0; i < failure_count; i++)
        add_failure(view, &failures[i]);
    for (int skips = 0; skips < 2; skips++) /* errors come first */
        for (size_t i = 0; i < view->case_count; i++) {
            const struct store_case *source = view->cases[i].source;
            if (skips ? source->error_count == 0 && source->skip_count > 0 : source->error_count > 0)
                add_case_problem(view, source);
        }
}

/* ---- all ---- */

static const char *find_fact(const struct store_fact *facts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(facts[i].name, name) && facts[i].value && *facts[i].value)
            return facts[i].value;
    return NULL;
}

const char *view_fact(const struct view *view, const char *name)
{
    const struct store_run_row *run = &view->run;
    const char *value = find_fact(run->build, run->build_count, name);
    value = value ? value : find_fact(run->machine, run->machine_count, name);
    return value ? value : find_fact(run->environment, run->environment_count, name);
}

void view_build(struct view *view, const struct store_run_row *run, struct store_case *cases, size_t case_count,
                const struct store_failure_row *failures, size_t failure_count, const char *title, struct arena *arena)
{
    *view = (struct view){ .arena = arena, .run = *run, .case_count = case_count };
    view->title =
        title ? arena_strdup(arena, title) : arena_format(arena, "%s run %lld", run->plan, (long long)run->id);
    view->cases = arena_array(arena, case_count + 1, sizeof *view->cases);
    for (size_t i = 0; i < case_count; i++) {
        struct view_case *view_case = &view->cases[i];
        build_case(view, view_case, &cases[i]);
        if (view_case->main.count == 0)
            continue;
        size_t processes = view_case->processes;
        if (view->measured == 0 || processes < view->processes_low)
            view->processes_low = processes;
        if (processes > view->processes_high)
            view->processes_high = processes;
        view->measured++;
        view->noisy += view_case->noisy;
        view->contaminated += view_case->contaminated > 0;
    }
    build_groups(view);
    build_problems(view, failures, failure_count);
    view_find_keys(view);
}

int view_load(struct view *view, struct store *store, const char *run_text, const char *title, struct arena *arena,
              struct error *error)
{
    struct store_run_row run;
    struct store_case *cases;
    struct store_failure_row *failures;
    size_t case_count, failure_count;
    int code = store_run_find(store, run_text, arena, &run, error);
    if (!code)
        code = store_cases(store, run.id, arena, &cases, &case_count, error);
    if (!code)
        code = store_failures(store, run.id, arena, &failures, &failure_count, error);
    struct calibration *calibration = arena_alloc(arena, sizeof *calibration);
    if (!code)
        code = calibration_load(calibration, store, run.fingerprint, arena, error);
    if (code)
        return code;
    view_build(view, &run, cases, case_count, failures, failure_count, title, arena);
    view->calibration = calibration;
    return 0;
}
