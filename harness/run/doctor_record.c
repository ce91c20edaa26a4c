/* doctor_record.c: the short look before a run. */
#include "harness/run/doctor_internal.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LINES_MAX = 5 };
#define WATCH_S 0.25

static uint64_t file_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_size > 0 ? (uint64_t)status.st_size : 0;
}

uint64_t doctor_model_bytes(const char *const *models, size_t count)
{
    uint64_t largest = 0, bytes;
    const char *list = count ? "" : getenv("PRONY_MODELS");
    for (size_t i = 0; i < count; i++)
        largest = (bytes = file_bytes(models[i])) > largest ? bytes : largest;
    while (list && *list) {
        size_t length = strcspn(list, ":");
        char *path = mem_strndup(list, length);
        largest = (bytes = file_bytes(path)) > largest ? bytes : largest;
        free(path);
        list += length + (list[length] == ':');
    }
    return largest;
}

/* The report begins with the bad ones, fails first. */
static void warn(const struct doctor_report *report, bool quiet)
{
    size_t bad = doctor_count(report, "fail") + (quiet ? 0 : doctor_count(report, "warn"));
    size_t lines = bad > LINES_MAX ? LINES_MAX - 1 : bad;
    for (size_t i = 0; i < lines; i++)
        log_warn("%s: %s: %s", report->checks[i].verdict, report->checks[i].name, report->checks[i].seen);
    if (bad > lines)
        log_warn("and %zu more; prony doctor shows all, and what mends them", bad - lines);
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
    if (code == 0)
        warn(&report, quiet);
    arena_release(&arena);
    return code;
}
