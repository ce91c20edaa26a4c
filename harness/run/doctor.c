/* doctor.c: runs the tables of checks, sorts the verdicts, and says how good numbers can be. The checks themselves are
 * in doctor_<topic>.c; each gets what was read and judges it, so that all of them can be tested with made-up
 * machines. */
#include "harness/run/doctor_internal.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const verdict_names[] = { "fail", "warn", "unknown", "pass" };

void doctor_say(struct doctor *doctor, struct store_check *check, enum doctor_verdict verdict, const char *remedy,
                const char *seen_format, ...)
{
    struct str seen = { 0 };
    va_list arguments;
    va_start(arguments, seen_format);
    str_vappendf(&seen, seen_format, arguments);
    va_end(arguments);
    check->verdict = verdict_names[verdict];
    check->seen = arena_strdup(doctor->arena, str_text(&seen));
    check->remedy = remedy && verdict != DOCTOR_PASS ? arena_strdup(doctor->arena, remedy) : NULL;
    str_release(&seen);
}

void doctor_cannot_read(struct doctor *doctor, struct store_check *check, const char *path, const char *remedy)
{
    doctor_say(doctor, check, DOCTOR_UNKNOWN, remedy, "%s", sysfs_reason(doctor->arena, doctor->root, path));
}

enum doctor_verdict doctor_grade(double value, double warn_limit, double fail_limit)
{
    return value >= fail_limit ? DOCTOR_FAIL : value >= warn_limit ? DOCTOR_WARN : DOCTOR_PASS;
}

char *doctor_percent(char *buffer, size_t size, double share)
{
    double percent = share * 100;
    int digits = fabs(percent) >= 9.95 ? 0 : fabs(percent) >= 0.095 ? 1 : 2;
    snprintf(buffer, size, "%.*f %%", digits, percent);
    return buffer;
}

static void run_rows(struct doctor *doctor, const struct doctor_row *rows, struct store_check *checks, size_t *count)
{
    for (; rows->name; rows++) {
        checks[*count] = (struct store_check){ .name = rows->name, .meaning = rows->meaning };
        rows->run(doctor, &checks[(*count)++]);
    }
}

/* Worst first; within a verdict as the tables have them. */
static struct store_check *sort_checks(struct arena *arena, const struct store_check *checks, size_t count)
{
    struct store_check *sorted = arena_array(arena, count, sizeof *sorted);
    size_t done = 0;
    for (size_t v = 0; v < sizeof verdict_names / sizeof verdict_names[0]; v++)
        for (size_t i = 0; i < count; i++)
            if (str_equal(checks[i].verdict, verdict_names[v]))
                sorted[done++] = checks[i];
    return sorted;
}

/* Two ways in which a number can be off: the same work does not give the same time twice (the self-test's interval),
 * and time that was taken away stays in wall times (the worst CPU's detour). The larger one counts. */
static void say_precision(const struct doctor *doctor, struct doctor_report *report)
{
    const struct doctor_readings *readings = doctor->readings;
    double detour = 0;
    for (size_t i = 0; i < readings->detour_count; i++) {
        const struct doctor_detour *d = &readings->detours[i];
        double share = d->watched_ns > 0 ? (double)d->lost_ns / (double)d->watched_ns : 0;
        detour = share > detour ? share : detour;
    }
    report->precision = NAN;
    report->basis = "nothing was watched";
    if (readings->watched_s <= 0 || isnan(doctor->precision) || !readings->detour_count)
        return;
    char same[32], lost[32];
    doctor_percent(same, sizeof same, doctor->precision);
    doctor_percent(lost, sizeof lost, detour);
    report->precision = fmax(doctor->precision, detour);
    report->basis =
        arena_format(doctor->arena,
                     "the same work measured twice agrees within %s, and %s of the time was lost in gaps", same, lost);
}

void doctor_check(const struct doctor_options *options, struct arena *arena, struct doctor_report *report)
{
    static const struct doctor_row *const tables[] = { doctor_watch_rows, doctor_load_rows, doctor_cpu_rows,
                                                       doctor_kernel_rows, doctor_tool_rows };
    struct doctor_readings own;
    if (!options->readings)
        doctor_look(options, arena, &own);
    struct doctor doctor = { .options = options,
                             .readings = options->readings ? options->readings : &own,
                             .root = options->root ? options->root : "",
                             .arena = arena,
                             .precision = NAN };
    doctor.threads = options->threads > 0 ? (size_t)options->threads : doctor.readings->cpu_count;
    struct store_check checks[64];
    *report = (struct doctor_report){ .watched_s = doctor.readings->watched_s };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        run_rows(&doctor, tables[i], checks, &report->count);
    report->checks = sort_checks(arena, checks, report->count);
    say_precision(&doctor, report);
}

size_t doctor_count(const struct doctor_report *report, const char *verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++)
        count += str_equal(report->checks[i].verdict, verdict);
    return count;
}
