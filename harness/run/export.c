/* export.c: see export.h. One run is first merged into a database of its own, which is then written
 * (but as CSV, which has no references). */
#include "harness/run/export.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- CSV: RFC 4180 ---- */

static void write_field(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            fputc('"', out);
        fputc(*p, out);
    }
    fputc('"', out);
}

static const char *const pass_names[STORE_PASS_COUNT] = {
    "timed", "counters", "callgrind", "memory", "spans", "profile"
};

static void write_value(FILE *out, const struct store_run_row *run, const char *started, const struct store_case *item,
                        enum store_pass pass, int process, const char *metric, double value, const char *unit)
{
    if (!isfinite(value))
        return;
    fprintf(out, "%lld,%s,", (long long)run->id, started);
    write_field(out, item->suite);
    fputc(',', out);
    write_field(out, item->name);
    fprintf(out, ",%s,%d,", pass_names[pass], process);
    write_field(out, metric);
    fprintf(out, ",%.17g,", value);
    write_field(out, unit);
    fputc('\n', out);
}

static void write_case(FILE *out, const struct store_run_row *run, const char *started, const struct store_case *item)
{
    for (size_t i = 0; i < item->sample_count; i++) {
        write_value(out, run, started, item, STORE_PASS_TIMED, item->processes[i], "real_time", item->real_time_ns[i],
                    "ns");
        write_value(out, run, started, item, STORE_PASS_TIMED, item->processes[i], "cpu_time", item->cpu_time_ns[i],
                    "ns");
    }
    for (size_t m = 0; m < item->metric_count; m++)
        for (size_t i = 0; i < item->metrics[m].count; i++)
            write_value(out, run, started, item, item->metrics[m].pass, item->metrics[m].processes[i],
                        item->metrics[m].name, item->metrics[m].values[i], item->metrics[m].unit);
}

/* run_id 0: all. */
static int write_csv(struct store *store, int64_t run_id, FILE *out, struct error *error)
{
    struct arena arena = { 0 };
    struct store_run_row *runs;
    size_t run_count;
    int code = store_runs(store, 0, &arena, &runs, &run_count, error);
    fputs("run,started_utc,suite,name,pass,process,metric,value,unit\n", out);
    for (size_t i = run_count; code == 0 && i-- > 0;) {
        struct arena each = { 0 };
        struct store_case *cases;
        size_t count;
        char started[32];
        if (run_id && runs[i].id != run_id)
            continue;
        clock_format_utc(started, runs[i].started_ns);
        code = store_cases(store, runs[i].id, &each, &cases, &count, error);
        for (size_t k = 0; code == 0 && k < count; k++)
            write_case(out, &runs[i], started, &cases[k]);
        arena_release(&each);
    }
    arena_release(&arena);
    if (code == 0 && (fflush(out) != 0 || ferror(out)))
        code = error_system(error, errno, "the export cannot be written");
    return code;
}

/* ---- a database of one run ---- */

static int make_part(struct store **part, const char *path, const char *database, int64_t run_id, struct error *error)
{
    struct store_merge_result result;
    int code = store_open(part, path, false, error);
    if (code == 0)
        code = store_merge_run(*part, database, run_id, &result, error);
    if (code == 0 && run_id)
        code = store_drop_unused(*part, error);
    return code;
}

static void remove_database(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *file = mem_format("%s%s", path, suffixes[i]);
        unlink(file);
        free(file);
    }
}

static int make_temporary(char *path, size_t size, struct error *error)
{
    const char *directory = getenv("TMPDIR");
    snprintf(path, size, "%s/prony-export-XXXXXX", directory && *directory ? directory : "/tmp");
    int file = mkstemp(path);
    if (file < 0)
        return error_system(error, errno, "%s", path);
    close(file);
    return 0;
}

/* Beside the target first, then renamed: nobody sees half a file. */
static int write_database(const char *database, int64_t run_id, const char *path, struct error *error)
{
    struct store *part = NULL;
    if (!path || str_equal(path, "-"))
        return error_set(error, ERROR_USAGE, "a database is written to a file (-o FILE)");
    char *beside = mem_format("%s.tmp.%ld", path, (long)getpid());
    int64_t before, after;
    int code = make_part(&part, beside, database, run_id, error);
    if (code == 0)
        code = store_vacuum(part, &before, &after, error);
    store_close(part);
    if (code == 0 && rename(beside, path) != 0)
        code = error_system(error, errno, "%s", path);
    remove_database(beside);
    free(beside);
    return code;
}

static int write_text(struct store *store, int64_t run_id, const char *format, FILE *out, struct error *error)
{
    if (str_equal(format, "csv"))
        return write_csv(store, run_id, out, error);
    return store_dump(store, str_equal(format, "json"), out, error);
}

static int write_to(struct store *store, int64_t run_id, const char *format, const char *path, struct error *error)
{
    if (!path || str_equal(path, "-"))
        return write_text(store, run_id, format, stdout, error);
    char *beside = mem_format("%s.tmp.%ld", path, (long)getpid());
    FILE *out = fopen(beside, "w");
    int code = out ? write_text(store, run_id, format, out, error) : error_system(error, errno, "%s", path);
    if (out && fclose(out) != 0 && code == 0)
        code = error_system(error, errno, "%s", path);
    if (code == 0 && rename(beside, path) != 0)
        code = error_system(error, errno, "%s", path);
    if (code != 0)
        unlink(beside);
    free(beside);
    return code;
}

int export_write(struct store *store, const char *database, int64_t run_id, const char *format, const char *path,
                 struct error *error)
{
    static const char *const formats[] = { "json", "sql", "csv", "sqlite" };
    bool known = false;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        known = known || str_equal(format, formats[i]);
    if (!known)
        return error_set(error, ERROR_USAGE, "there is no format '%s' (json, sql, csv, sqlite)", format);
    if (str_equal(format, "sqlite"))
        return write_database(database, run_id, path, error);
    /* The lines of a table are of that run anyway, under its own number. */
    if (run_id == 0 || str_equal(format, "csv"))
        return write_to(store, run_id, format, path, error);
    char temporary[4096];
    struct store *part = NULL;
    int code = make_temporary(temporary, sizeof temporary, error);
    if (code != 0)
        return code;
    code = make_part(&part, temporary, database, run_id, error);
    if (code == 0)
        code = write_to(part, 0, format, path, error);
    store_close(part);
    remove_database(temporary);
    return code;
}
