/* view_line.c: the sentences about a run that every format prints. */
#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/view.h"
#include <string.h>

/* "1 case", "2 cases", "2 processes" */
static const char *counted(struct arena *arena, size_t count, const char *noun)
{
    const char *ending = count == 1 ? "" : str_ends(noun, "s") ? "es" : "s";
    return arena_format(arena, "%zu %s%s", count, noun, ending);
}

const char *view_pass_name(enum store_pass pass)
{
    static const char *const names[STORE_PASS_COUNT] = {
        "timed", "counters", "callgrind", "memory", "spans", "profile"
    };
    return names[pass];
}

const char *view_problem_word(enum view_problem_kind kind)
{
    static const char *const words[] = { "failed", "error", "skipped" };
    return words[kind];
}

const char *view_problem_line(const struct view *view)
{
    if (view->problem_count == 0)
        return "no failures";
    struct str line = { 0 };
    if (view->failed)
        str_appendf(&line, ", %s failed", counted(view->arena, view->failed, "suite process"));
    if (view->errors)
        str_appendf(&line, ", %s with errors", counted(view->arena, view->errors, "case"));
    if (view->skipped)
        str_appendf(&line, ", %s skipped", counted(view->arena, view->skipped, "case"));
    const char *text = arena_strdup(view->arena, line.data + 2);
    str_release(&line);
    return text;
}

const char *view_case_line(const struct view *view)
{
    if (view->measured == 0)
        return "nothing was measured";
    const char *cases = counted(view->arena, view->measured, "case");
    if (view->processes_low == view->processes_high)
        return arena_format(view->arena, "%s, %s each", cases, counted(view->arena, view->processes_low, "process"));
    return arena_format(view->arena, "%s, %zu to %zu processes each", cases, view->processes_low, view->processes_high);
}

const char *view_noise_line(const struct view *view)
{
    if (view->noisy + view->contaminated == 0)
        return "";
    const char *busy = 2 * view->contaminated > view->measured ? "the machine was busy: " : "";
    const char *noisy = view->noisy ? arena_format(view->arena, "%zu noisy", view->noisy) : "";
    const char *contaminated = view->contaminated ? arena_format(view->arena, "%zu case%s with contaminated samples",
                                                                 view->contaminated, view->contaminated > 1 ? "s" : "")
                                                  : "";
    return arena_format(view->arena, "%s%s%s%s", busy, noisy, *noisy && *contaminated ? ", " : "", contaminated);
}

const char *view_run_line(const struct view *view)
{
    char start[32], length[32];
    const struct store_run_row *run = &view->run;
    clock_format_utc(start, run->started_ns);
    if (run->ended_ns <= run->started_ns)
        return arena_format(view->arena, "%s, %s", start, run->status);
    double seconds = (double)(run->ended_ns - run->started_ns) / 1e9;
    if (seconds >= 120)
        return arena_format(view->arena, "%s, %.0f min %02.0f s, %s", start, (double)(int)(seconds / 60),
                            seconds - 60 * (double)(int)(seconds / 60), run->status);
    return arena_format(view->arena, "%s, %s, %s", start, str_duration(length, sizeof length, seconds), run->status);
}

const char *view_alarm_line(const struct view *view)
{
    static const char prefix[] = "A/A: "; /* which is the heading here */
    if (!view->calibration)
        return NULL;
    const char *line = calibration_line(view->calibration, view->arena);
    return str_starts(line, prefix) ? line + strlen(prefix) : line;
}

const char *view_build_line(const struct view *view)
{
    const char *commit = view_fact(view, "git_commit"), *branch = view_fact(view, "git_branch");
    const char *dirty = view_fact(view, "git_dirty"), *compiler = view_fact(view, "prony_compiler");
    const char *version = view_fact(view, "prony_version");
    struct str line = { 0 };
    if (version)
        str_appendf(&line, ", prony %s", version);
    if (commit)
        str_appendf(&line, ", commit %.12s", commit);
    if (commit && branch)
        str_appendf(&line, " (%s)", branch);
    bool is_dirty = false;
    if (dirty && str_parse_bool(dirty, &is_dirty) && is_dirty)
        str_append(&line, " with uncommitted changes");
    if (compiler)
        str_appendf(&line, ", %s", compiler);
    const char *text = line.length ? arena_strdup(view->arena, line.data + 2) : "unknown build";
    str_release(&line);
    return text;
}

const char *view_machine_line(const struct view *view)
{
    const char *model = view_fact(view, "cpu_name"), *cpus = view_fact(view, "cpu_count");
    struct str line = { 0 };
    str_append(&line, model ? model : "unknown CPU");
    if (cpus)
        str_appendf(&line, ", %s CPU%s", cpus, str_equal(cpus, "1") ? "" : "s");
    if (view->run.fingerprint && *view->run.fingerprint)
        str_appendf(&line, ", fingerprint %s", view->run.fingerprint);
    const char *text = arena_strdup(view->arena, str_text(&line));
    str_release(&line);
    return text;
}

const char *view_method_note(const struct view *view)
{
    const char *start = "Numbers are medians over fresh processes; the interval of the median comes from its order "
                        "statistics (exact, no assumption about the distribution)";
    size_t n = view->processes_low;
    const char *spread =
        "Spread is the robust standard deviation (1.4826 MAD; below six values the plain one) over the "
        "median; a case above 5 % is noisy. "
        "A sample is contaminated when its threads waited for a CPU for more than 1 % of its wall time, were moved to another "
        "CPU, waited for the disk, or ran at another clock than usual.";
    if (n >= 6)
        return arena_format(view->arena, "%s and covers at least 95 %%. %s", start, spread);
    if (n >= 2) {
        double coverage = 1;
        for (size_t i = 0; i < n - 1; i++)
            coverage /= 2;
        return arena_format(view->arena,
                            "%s. 95 %% needs six processes; with %zu it is the whole range and covers %.3g %%. %s",
                            start, n, 100 * (1 - coverage), spread);
    }
    return arena_format(view->arena, "%s. With a single process there is no interval. %s", start, spread);
}

const char *view_short_name(const struct view_group *group, const struct view_case *view_case)
{
    return *group->operation ? case_name_rest(view_case->name) : view_case->name;
}

const char *view_group_title(const struct view *view, const struct view_group *group)
{
    return *group->operation ? arena_format(view->arena, "%s / %s", group->suite, group->operation) : group->suite;
}

const char *view_tip(const struct view *view, const struct view_case *view_case)
{
    const struct stats_summary *main = &view_case->main;
    char median[48], interval[80];
    struct number_scale scale = number_scale(view_case->kind, main->median);
    number_text(median, sizeof median, view_case->kind, main->median);
    number_interval(interval, sizeof interval, scale, main->interval, " to ");
    const char *unit = view_case->within_process ? "repetition" : "process";
    return arena_format(view->arena, "%s\n%s%s%s%s\n%s", view_case->name, median, *interval ? " [" : "", interval,
                        *interval ? "]" : "", counted(view->arena, main->count, unit));
}
