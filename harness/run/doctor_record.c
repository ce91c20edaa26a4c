/* doctor_record.c: the short look before a run. */
#include "harness/run/doctor_internal.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 5 };
#define WATCH_S 0.25

static void warn(const struct doctor_report *report)
{
    size_t bad = doctor_count(report, "fail") + doctor_count(report, "warn");
    for (size_t i = 0; i < bad && i < LINES_MAX; i++) /* the report begins with them */
        log_warn("%s: %s: %s", report->checks[i].verdict, report->checks[i].name, report->checks[i].seen);
    if (bad > LINES_MAX)
        log_warn("%zu more; prony doctor shows all, with what mends them", bad - LINES_MAX);
}

int doctor_record(struct store *store, int64_t run_id, const struct doctor_options *options, bool quiet,
                  struct error *error)
{
    struct arena arena = { 0 };
    struct doctor_options look = *options;
    struct doctor_report report;
    if (look.seconds <= 0)
        look.seconds = WATCH_S;
    doctor_check(&look, &arena, &report);
    int code = store_checks_add(store, run_id, report.checks, report.count, error);
    if (code == 0 && !isnan(report.precision)) {
        char percent[32];
        snprintf(percent, sizeof percent, "%.2f", report.precision * 100);
        const struct store_fact fact = { "machine_precision_percent", percent };
        code = store_run_facts_add(store, run_id, &fact, 1, error);
    }
    if (code == 0 && !quiet)
        warn(&report);
    arena_release(&arena);
    return code;
}
