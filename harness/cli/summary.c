/* summary.c: what a run measured, case by case.
 *
 * The unit of analysis is the process: repetitions inside one are averaged first, because they are not independent. */
#include "harness/cli/summary.h"
#include "harness/cli/summary_explain.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/facts.h"
#include "harness/stats/stats.h"
#include "reports/escape.h"
#include "reports/report.h"
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_COLUMNS = 100 };

/* ---- numbers ---- */

/* Mean of each process, in order of appearance; NaN values are left out. Returns how many. means holds n. */
static size_t process_means(const int *processes, const double *values, size_t n, double *means)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        bool done = false;
        for (size_t k = 0; k < i && !done; k++)
            done = processes[k] == processes[i];
        if (done)
            continue;
        double sum = 0;
        size_t seen = 0;
        for (size_t k = i; k < n; k++) {
            if (processes[k] != processes[i] || !isfinite(values[k]))
                continue;
            sum += values[k];
            seen++;
        }
        if (seen)
            means[count++] = sum / (double)seen;
    }
    return count;
}

/* "±1.2%", half the interval of the median over the median, in 7 columns; blank if there is none. The sign has two
 * bytes and one column, which printf's widths do not know. */
static void format_spread(char *buffer, size_t size, const double *means, size_t count)
{
    struct stats_interval interval = stats_median_interval(means, count, 0.95);
    double median = stats_median(means, count);
    char number[24];
    buffer[0] = 0;
    if (!(interval.coverage > 0) || !(median > 0)) {
        snprintf(buffer, size, "%7s", "");
        return;
    }
    double percent = 100 * (interval.high - interval.low) / 2 / median;
    snprintf(number, sizeof number, percent < 9.95 ? "%.1f%%" : "%.0f%%", percent);
    snprintf(buffer, size, "%*s±%s", (int)(strlen(number) < 6 ? 6 - strlen(number) : 0), "", number);
}

/* Median over the processes of one timed metric; NaN if no process has it. */
static double metric_median(const struct store_case *item, const char *name, double *means)
{
    for (size_t m = 0; m < item->metric_count; m++) {
        const struct store_series *series = &item->metrics[m];
        if (series->pass == STORE_PASS_TIMED && str_equal(series->name, name))
            return stats_median(means, process_means(series->processes, series->values, series->count, means));
    }
    return NAN;
}

/* Which ceiling is nearer, and how near: what bounds the case. */
static void append_ceiling(char *buffer, size_t size, const struct store_case *item, double *means)
{
    double peak = metric_median(item, "percent_of_peak", means);
    double bandwidth = metric_median(item, "percent_of_bandwidth", means);
    size_t length = strlen(buffer);
    if (isfinite(bandwidth) && !(peak >= bandwidth))
        snprintf(buffer + length, size - length, ", %.0f%% memory", bandwidth);
    else if (isfinite(peak))
        snprintf(buffer + length, size - length, ", %.0f%% peak", peak);
}

/* The number that people look for: the first of these that the case has. */
static void format_rate(char *buffer, size_t size, const struct store_case *item, double *means)
{
    static const struct {
        const char *name, *unit;
    } rates[] = {
        { "tokens_per_second", "tok/s" },  { "flops_per_second", "flop/s" },   { "bytes_per_second", "B/s" },
        { "items_per_second", "items/s" }, { "ttft_ms", "ms to first token" },
    };
    buffer[0] = 0;
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        double value = metric_median(item, rates[r].name, means);
        if (!isfinite(value))
            continue;
        if (str_ends(rates[r].unit, "/s"))
            str_si(buffer, size, value, rates[r].unit);
        else
            snprintf(buffer, size, "%.1f %s", value, rates[r].unit);
        append_ceiling(buffer, size, item, means);
        return;
    }
}

/* ---- text ---- */

/* Foreign text in exactly width columns; what does not fit loses its middle: the start says what, the end says which.
 */
static void print_fitted(FILE *out, const char *text, int width)
{
    struct str fitted = { 0 };
    escape_fit(&fitted, text, width);
    fprintf(out, "%s%*s", str_text(&fitted), width - escape_width(str_text(&fitted)), "");
    str_release(&fitted);
}

static void print_plain(FILE *out, const char *text)
{
    struct str plain = { 0 };
    escape_plain(&plain, text);
    fputs(str_text(&plain), out);
    str_release(&plain);
}

/* The machine's boot, or "" if it does not say. */
static void read_boot_id(char *buffer, size_t size)
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (!file || !fgets(buffer, (int)size, file))
        buffer[0] = 0;
    buffer[strcspn(buffer, "\n")] = 0;
    if (file)
        fclose(file);
}

const char *summary_status(const struct store_run_row *run)
{
    const char *host = facts_find(run->environment, run->environment_count, "host");
    const char *boot = facts_find(run->environment, run->environment_count, "boot_id");
    const char *process = facts_find(run->environment, run->environment_count, "process_id");
    char this_host[256] = "", this_boot[64];
    int64_t pid;
    if (!str_equal(run->status, "running") || !process || !str_parse_i64(process, &pid) || pid <= 0)
        return run->status;
    gethostname(this_host, sizeof this_host - 1);
    read_boot_id(this_boot, sizeof this_boot);
    if (!str_equal(host, this_host))
        return run->status; /* another machine's run: nobody here knows */
    bool gone = !str_equal(boot, this_boot) || (kill((pid_t)pid, 0) != 0 && errno == ESRCH);
    return gone ? "killed" : run->status;
}

char *summary_format_duration(char *buffer, size_t size, const struct store_run_row *run)
{
    if (run->ended_ns <= run->started_ns) {
        snprintf(buffer, size, "?");
        return buffer;
    }
    long seconds = (long)((run->ended_ns - run->started_ns + 500000000) / 1000000000);
    if (seconds < 60)
        snprintf(buffer, size, "%ld s", seconds);
    else if (seconds < 3600)
        snprintf(buffer, size, "%ld:%02ld", seconds / 60, seconds % 60);
    else
        snprintf(buffer, size, "%ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return buffer;
}

char *summary_format_commit(char *buffer, size_t size, const struct store_run_row *run)
{
    const char *commit = facts_find(run->build, run->build_count, "git_commit");
    const char *branch = facts_find(run->build, run->build_count, "git_branch");
    const char *dirty = facts_find(run->build, run->build_count, "git_dirty");
    if (!commit)
        snprintf(buffer, size, "-");
    else
        snprintf(buffer, size, "%.7s %.30s%s", commit, branch ? branch : "", str_equal(dirty, "yes") ? ", dirty" : "");
    return buffer;
}

/* Appends ", text" unless text is NULL. */
static void append_part(struct str *line, const char *text, const char *suffix)
{
    if (text && *text)
        str_appendf(line, "%s%s%s", line->length ? ", " : "", text, suffix);
}

void summary_append_tags(struct str *out, const struct store_tag *tags, size_t count, int64_t run_id)
{
    size_t written = 0;
    for (size_t i = 0; i < count; i++)
        if (tags[i].run_id == run_id) {
            str_append(out, written++ ? ", " : "  [");
            escape_plain(out, tags[i].name);
        }
    str_append(out, written ? "]" : "");
}

static void print_head(FILE *out, const struct store_run_row *run, const struct store_tag *tags, size_t tag_count)
{
    char started[32], duration[32], commit[80];
    struct str line = { 0 };
    summary_append_tags(&line, tags, tag_count, run->id);
    fprintf(out, "run %lld: %s, %s, %s in %s, seed %llu, commit %s%s\n", (long long)run->id, run->plan,
            clock_format_utc(started, run->started_ns), summary_status(run),
            summary_format_duration(duration, sizeof duration, run), (unsigned long long)run->seed,
            summary_format_commit(commit, sizeof commit, run), str_text(&line));
    str_clear(&line);
    append_part(&line, facts_find(run->machine, run->machine_count, "cpu_name"), "");
    append_part(&line, facts_find(run->machine, run->machine_count, "cpu_count"), " CPUs");
    append_part(&line, facts_find(run->machine, run->machine_count, "kernel"), "");
    fprintf(out, "machine %.8s: %s\n", run->fingerprint, str_text(&line));
    if (run->pruned_ns)
        fprintf(out, "pruned: its samples were thrown away on %.10s; each number is the median that was kept\n",
                clock_format_utc(started, run->pruned_ns));
    str_clear(&line);
    append_part(&line, facts_find(run->environment, run->environment_count, "load"), " load average");
    append_part(&line, facts_find(run->environment, run->environment_count, "clock_estimate_ghz"), " GHz estimated");
    const char *governor = facts_find(run->machine, run->machine_count, "governor");
    append_part(&line, governor ? governor : facts_find(run->environment, run->environment_count, "governor"),
                " governor"); /* runs of older versions have it there */
    const char *memory = facts_find(run->environment, run->environment_count, "memory_available");
    double kilobytes = memory ? strtod(memory, NULL) : 0;
    char bytes[32];
    if (kilobytes > 0)
        append_part(&line, str_bytes(bytes, sizeof bytes, kilobytes * 1024), " memory available");
    if (line.length)
        fprintf(out, "at its start: %s\n", str_text(&line));
    str_release(&line);
}

/* ---- rows ---- */

/* What a case's row says besides its name. */
struct row {
    char time[32], spread[40], rate[80];
    size_t count;
};

static void make_row(struct row *row, const struct store_case *item)
{
    double *means = mem_array(item->sample_count, sizeof *means);
    *row = (struct row){ .count = process_means(item->processes, item->real_time_ns, item->sample_count, means) };
    if (row->count == 0) {
        row->count = item->error_count + item->skip_count;
        const char *word = item->error_count ? "error" : item->skip_count ? "skipped" : "not timed";
        snprintf(row->time, sizeof row->time, "%s", word);
        snprintf(row->spread, sizeof row->spread, "%7s", "");
    } else {
        str_duration(row->time, sizeof row->time, stats_median(means, row->count) / 1e9);
        format_spread(row->spread, sizeof row->spread, means, row->count);
        format_rate(row->rate, sizeof row->rate, item, means);
    }
    free(means);
}

/* One suite. Names get the columns that the widest rate leaves, so that nothing is cut without need. */
static void print_suite(FILE *out, const struct store_case *cases, size_t count)
{
    struct row *rows = mem_array(count, sizeof *rows);
    size_t name_columns = 0, rate_columns = 4;
    for (size_t i = 0; i < count; i++) {
        make_row(&rows[i], &cases[i]);
        size_t name = (size_t)escape_width(cases[i].name), rate = strlen(rows[i].rate);
        name_columns = name > name_columns ? name : name_columns;
        rate_columns = rate > rate_columns ? rate : rate_columns;
    }
    size_t room = LINE_COLUMNS - 25 - (rate_columns < 30 ? rate_columns : 30); /* 25: the other columns and gaps */
    name_columns = name_columns > room ? room : name_columns;
    name_columns = name_columns < 20 ? 20 : name_columns;
    fprintf(out, "\n%-*s %8s %7s %3s  %s\n", (int)name_columns + 2, cases[0].suite, "time", "95%", "n", "rate");
    for (size_t i = 0; i < count; i++) {
        fputs("  ", out);
        print_fitted(out, cases[i].name, (int)name_columns);
        fprintf(out, " %8s %s %3zu%s%s\n", rows[i].time, rows[i].spread, rows[i].count, rows[i].rate[0] ? "  " : "",
                rows[i].rate);
    }
    free(rows);
}

static void print_cases(FILE *out, const struct store_case *cases, size_t count)
{
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count && strcmp(cases[next].suite, cases[first].suite) == 0;)
            next++;
        print_suite(out, &cases[first], next - first);
    }
    if (count)
        fprintf(out, "\ntime: median over n processes; 95%%: half its interval (below 6 processes half the range)\n");
}

static void print_problems(FILE *out, const struct store_case *cases, size_t count)
{
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        const struct store_case *item = &cases[i];
        if (item->error_count + item->skip_count == 0)
            continue;
        if (first)
            fprintf(out, "\nnot measured:\n");
        first = false;
        fputs("  ", out);
        print_plain(out, item->name);
        fprintf(out, " (%zu of %zu): ", item->error_count + item->skip_count,
                item->error_count + item->skip_count + item->sample_count);
        print_plain(out, item->message ? item->message : "");
        fputc('\n', out);
    }
}

static void print_failures(FILE *out, const struct store_failure_row *failures, size_t count)
{
    if (count)
        fprintf(out, "\nfailed (%zu):\n", count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  %s, round %d: ", failures[i].suite, failures[i].round + 1);
        print_plain(out, failures[i].reason);
        fputc('\n', out);
        for (const char *p = failures[i].stderr_tail; *p;) {
            size_t length = strcspn(p, "\n");
            fprintf(out, "    | %.*s\n", (int)(length < LINE_COLUMNS - 6 ? length : LINE_COLUMNS - 6), p);
            p += length + (p[length] == '\n');
        }
    }
}

static size_t select_cases(struct store_case *cases, size_t count, const char *filter)
{
    regex_t regex;
    if (!filter || regcomp(&regex, filter, REG_EXTENDED | REG_NOSUB) != 0)
        return count;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (regexec(&regex, cases[i].name, 0, NULL, 0) == 0)
            cases[kept++] = cases[i];
    regfree(&regex);
    return kept;
}

static void print_checks(FILE *out, const struct view *view, const struct explain *explain)
{
    const char *line = store_checks_line(explain->checks, explain->check_count, view->arena);
    if (line && explain->check_fail + explain->check_warn)
        fprintf(out, "the machine, as prony doctor found it: %s\n", line);
}

/* ---- all ---- */

struct rows {
    struct store_case *cases;
    struct store_failure_row *failures;
    size_t case_count, failure_count;
};

static int print_json(FILE *out, struct view *view, const struct explain *explain, struct error *error)
{
    struct str text = { 0 };
    const struct report_options options = { 0 };
    view->explain = explain;
    int code = report_json(view, &options, &text, error);
    if (code == 0)
        fwrite(str_text(&text), 1, text.length, out); /* main checks stdout */
    str_release(&text);
    return code;
}

static int print_rows(FILE *out, struct store *store, const struct store_run_row *run, const struct rows *rows,
                      const struct summary_options *options, struct arena *arena, struct error *error)
{
    struct view view;
    struct explain explain;
    view_build(&view, run, rows->cases, rows->case_count, rows->failures, rows->failure_count, NULL, arena);
    struct store_tag *tags;
    size_t tag_count;
    int code = explain_load(&explain, &view, store, error);
    if (code == 0)
        code = store_tags(store, arena, &tags, &tag_count, error);
    if (code == 0 && options->json) {
        code = print_json(out, &view, &explain, error);
    } else if (code == 0) {
        struct str explained = { 0 };
        print_head(out, run, tags, tag_count);
        print_checks(out, &view, &explain);
        if (*view_noise_line(&view))
            fprintf(out, "noise: %s\n", view_noise_line(&view));
        print_cases(out, rows->cases, rows->case_count);
        summary_explain(&view, &explain, rows->cases, rows->case_count, options, &explained);
        fputs(str_text(&explained), out);
        print_problems(out, rows->cases, rows->case_count);
        print_failures(out, rows->failures, rows->failure_count);
        str_release(&explained);
    }
    explain_release(&explain);
    return code;
}

int summary_print(FILE *out, struct store *store, const struct store_run_row *run,
                  const struct summary_options *options, struct error *error)
{
    struct arena arena = { 0 };
    struct rows rows = { 0 };
    int code = store_cases(store, run->id, &arena, &rows.cases, &rows.case_count, error);
    if (code == 0)
        code = store_failures(store, run->id, &arena, &rows.failures, &rows.failure_count, error);
    if (code == 0) {
        rows.case_count = select_cases(rows.cases, rows.case_count, options->filter);
        code = print_rows(out, store, run, &rows, options, &arena, error);
    }
    arena_release(&arena);
    return code;
}
