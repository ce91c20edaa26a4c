/* read_history.c: one metric of one case over all runs.
 *
 * The values are read in the order of run numbers, which is that of the index (one seek a run), then joined with what
 * is known of the runs, which is read in the same order. Nothing is looked up a sample. */
#include "harness/store/read_cases.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct process_value {
    int process;
    double value;
};

/* A run while its rows are read. */
struct collector {
    struct arena *arena;
    struct store_point *points;
    size_t count, capacity;
    struct process_value *values; /* of the last point, as they came */
    size_t value_count, value_capacity;
    int pass; /* they are of this one */
};

/* ---- values ---- */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, size_t count)
{
    if (count == 1)
        return values[0];
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static int compare_processes(const void *a, const void *b)
{
    const struct process_value *x = a, *y = b;
    return (x->process > y->process) - (x->process < y->process);
}

/* Repetitions of one process are not independent: their median is its value. */
static size_t reduce_processes(struct process_value *values, size_t count, double *out)
{
    bool single = true;
    for (size_t i = 1; i < count && single; i++)
        single = values[i].process > values[i - 1].process;
    if (!single)
        qsort(values, count, sizeof *values, compare_processes);
    size_t made = 0;
    double *same = single ? NULL : mem_array(count, sizeof *same);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && values[end].process == values[i].process)
            end++;
        if (end - i == 1) {
            out[made++] = values[i].value;
        } else {
            for (size_t k = i; k < end; k++)
                same[k - i] = values[k].value;
            out[made++] = median_of(same, end - i);
        }
        i = end;
    }
    free(same);
    return made;
}

static void finish_point(struct collector *collector)
{
    if (collector->count == 0 || collector->value_count == 0)
        return;
    struct store_point *point = &collector->points[collector->count - 1];
    double *values = arena_array(collector->arena, collector->value_count, sizeof *values);
    point->count = reduce_processes(collector->values, collector->value_count, values);
    point->values = values;
    collector->value_count = 0;
}

/* Values of the first pass that has some: those of another pass were measured under another load. */
static void add_value(struct collector *collector, int64_t run_id, int pass, int process, double value)
{
    bool same = collector->count > 0 && collector->points[collector->count - 1].run_id == run_id;
    if (!same) {
        finish_point(collector);
        MEM_GROW(collector->points, collector->count, collector->capacity);
        collector->points[collector->count++] =
            (struct store_point){ .run_id = run_id, .median = NAN, .low = NAN, .high = NAN };
        collector->pass = pass;
    } else if (pass > collector->pass) {
        return;
    } else if (pass < collector->pass) {
        collector->value_count = 0;
        collector->pass = pass;
    }
    MEM_GROW(collector->values, collector->value_count, collector->value_capacity);
    collector->values[collector->value_count++] = (struct process_value){ process, value };
}

/* sql selects run, pass, process, value in the order of runs; ?1 case, ?2 metric where it has one. */
static int read_values(struct store *store, const char *sql, int64_t case_id, int64_t metric_id,
                       struct collector *collector, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store, sql, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, case_id);
    if (metric_id)
        sqlite3_bind_int64(statement, 2, metric_id);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        add_value(collector, sqlite3_column_int64(statement, 0), sqlite3_column_int(statement, 1),
                  sqlite3_column_int(statement, 2), sqlite3_column_double(statement, 3));
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    finish_point(collector);
    return code;
}

static int compare_runs(const void *a, const void *b)
{
    const struct store_point *x = a, *y = b;
    return (x->run_id > y->run_id) - (x->run_id < y->run_id);
}

/* ---- summaries of pruned runs ---- */

static int read_summaries(struct store *store, int64_t case_id, int64_t metric_id, struct collector *collector,
                          struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store,
                             "SELECT run_id, count, median, low, high FROM summary "
                             "WHERE case_id = ?1 AND metric_id = ?2 ORDER BY run_id, pass",
                             &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, case_id);
    sqlite3_bind_int64(statement, 2, metric_id);
    int result;
    int64_t last = 0;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t run_id = sqlite3_column_int64(statement, 0);
        if (run_id == last)
            continue; /* the first pass counts */
        last = run_id;
        MEM_GROW(collector->points, collector->count, collector->capacity);
        collector->points[collector->count++] = (struct store_point){
            .run_id = run_id,
            .summary_count = (size_t)sqlite3_column_int64(statement, 1),
            .median = read_double(statement, 2),
            .low = read_double(statement, 3),
            .high = read_double(statement, 4),
        };
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

/* ---- what is known of the runs ---- */

/* Rows of a small table by id, so that a text is copied once and not once a run. */
struct names {
    const char **first, **second;
    int64_t capacity;
};

/* sql selects id and two texts. */
static int load_names(struct store *store, const char *sql, const char *last, struct names *names, struct arena *arena,
                      struct error *error)
{
    int64_t highest;
    sqlite3_stmt *statement;
    int code = store_query_int(store, last, &highest, error);
    if (code == 0)
        code = store_prepare(store, sql, &statement, error);
    if (code != 0)
        return code;
    names->capacity = highest + 1;
    names->first = arena_array(arena, (size_t)names->capacity, sizeof *names->first);
    names->second = arena_array(arena, (size_t)names->capacity, sizeof *names->second);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(statement, 0);
        if (id < 0 || id >= names->capacity)
            continue;
        names->first[id] = read_text(statement, 1, arena);
        names->second[id] = read_text(statement, 2, arena);
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

static const char *name_at(const char *const *texts, const struct names *names, int64_t id)
{
    return id >= 0 && id < names->capacity ? texts[id] : NULL;
}

static const char *status_text(const char *text)
{
    static const char *const known[] = { "complete", "running", "interrupted", "failed" };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_equal(text, known[i]))
            return known[i];
    return "running";
}

static int compare_machines(const void *a, const void *b)
{
    const struct store_machine *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static const struct store_machine *machine_at(const struct store_machine *machines, size_t count, int64_t id)
{
    const struct store_machine key = { .id = id };
    return count ? bsearch(&key, machines, count, sizeof *machines, compare_machines) : NULL;
}

/* Points and runs are both in the order of run numbers. */
static int describe_points(struct store *store, struct collector *collector, struct error *error)
{
    struct names builds = { 0 };
    struct store_machine *machines;
    size_t machine_count;
    int code = load_names(store, "SELECT id, git_commit, git_branch FROM build", "SELECT max(id) FROM build", &builds,
                          collector->arena, error);
    if (code == 0)
        code = store_machines(store, collector->arena, &machines, &machine_count, error);
    sqlite3_stmt *statement;
    if (code == 0)
        code = store_prepare(store, "SELECT id, started_ns, status, build_id, machine_id FROM run ORDER BY id",
                             &statement, error);
    if (code != 0)
        return code;
    int result;
    size_t at = 0;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(statement, 0);
        if (at == collector->count || collector->points[at].run_id != id)
            continue;
        struct store_point *point = &collector->points[at++];
        int64_t build = sqlite3_column_int64(statement, 3), machine = sqlite3_column_int64(statement, 4);
        point->started_ns = sqlite3_column_int64(statement, 1);
        point->status = status_text((const char *)sqlite3_column_text(statement, 2));
        point->commit = name_at(builds.first, &builds, build);
        point->branch = name_at(builds.second, &builds, build);
        point->machine = machine_at(machines, machine_count, machine);
        point->fingerprint = point->machine ? point->machine->key : NULL;
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

static int add_tags(struct store *store, struct collector *collector, struct error *error)
{
    struct store_tag *tags;
    size_t count;
    int code = store_tags(store, collector->arena, &tags, &count, error);
    for (size_t i = 0; code == 0 && i < count; i++) {
        struct store_point key = { .run_id = tags[i].run_id };
        struct store_point *point = collector->count ? bsearch(&key, collector->points, collector->count,
                                                               sizeof *collector->points, compare_runs)
                                                     : NULL;
        if (point && (!point->tag || str_equal(tags[i].name, STORE_BASELINE_TAG)))
            point->tag = tags[i].name;
    }
    return code;
}

/* Sides of comparisons, in the order of run numbers as the points are. */
static int mark_sides(struct store *store, struct collector *collector, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(
        store, "SELECT base_run_id FROM comparison UNION SELECT candidate_run_id FROM comparison ORDER BY 1",
        &statement, error);
    if (code != 0)
        return code;
    int result;
    for (size_t at = 0; (result = sqlite3_step(statement)) == SQLITE_ROW;) {
        int64_t id = sqlite3_column_int64(statement, 0);
        while (at < collector->count && collector->points[at].run_id < id)
            at++;
        if (at < collector->count && collector->points[at].run_id == id)
            collector->points[at].is_side = true;
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

static int compare_starts(const void *a, const void *b)
{
    const struct store_point *x = a, *y = b;
    if (x->started_ns != y->started_ns)
        return x->started_ns < y->started_ns ? -1 : 1;
    return compare_runs(a, b);
}

/* ---- the question ---- */

/* 0 if nothing has that name. */
static int find_case(struct store *store, const char *suite, const char *name, int64_t *id, struct error *error)
{
    sqlite3_stmt *statement;
    *id = 0;
    int code = store_prepare(store,
                             "SELECT c.id FROM suite u JOIN suite_case c ON c.suite_id = u.id "
                             "WHERE u.name = ?1 AND c.name = ?2",
                             &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_text(statement, 1, suite, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *id = sqlite3_column_int64(statement, 0);
    else if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

/* A metric's name may have had another unit once. The one that has the newest value of this case counts. */
static int find_metric(struct store *store, const char *metric, int64_t case_id, struct arena *arena, int64_t *id,
                       const char **unit, struct error *error)
{
    sqlite3_stmt *statement;
    *id = 0;
    int code = store_prepare(
        store,
        "SELECT t.id, t.unit FROM metric t WHERE t.name = ?1 ORDER BY "
        "CASE WHEN (SELECT count(*) FROM metric WHERE name = ?1) = 1 THEN 0 ELSE max("
        "coalesce((SELECT max(s.run_id) FROM run r CROSS JOIN sample s ON s.run_id = r.id AND s.case_id = ?2 "
        "JOIN sample_value v ON v.sample_id = s.id AND v.metric_id = t.id), 0), "
        "coalesce((SELECT max(run_id) FROM summary WHERE case_id = ?2 AND metric_id = t.id), 0)) END DESC LIMIT 1",
        &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_text(statement, 1, metric, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, case_id);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *id = sqlite3_column_int64(statement, 0);
        *unit = read_text(statement, 1, arena);
    } else if (result != SQLITE_DONE) {
        code = store_fail(store, result, error);
    }
    sqlite3_finalize(statement);
    return code;
}

static int collect(struct store *store, int64_t case_id, const char *metric, struct collector *collector,
                   const char **unit, struct error *error)
{
    bool real = str_equal(metric, "real_time"), cpu = str_equal(metric, "cpu_time");
    int64_t metric_id;
    int code = find_metric(store, metric, case_id, collector->arena, &metric_id, unit, error);
    if (code != 0)
        return code;
    /* In the order of run numbers: an index would give that of their starts, which a merge mixes. */
    if (real || cpu) {
        *unit = "ns";
        code = read_values(
            store,
            real ? "SELECT s.run_id, 0, s.process, s.real_time_ns FROM run r CROSS JOIN sample s "
                   "ON s.run_id = r.id AND s.case_id = ?1 WHERE s.status = 0 AND s.pass = 0 ORDER BY r.id"
                 : "SELECT s.run_id, 0, s.process, s.cpu_time_ns FROM run r CROSS JOIN sample s "
                   "ON s.run_id = r.id AND s.case_id = ?1 WHERE s.cpu_time_ns NOT NULL AND s.pass = 0 ORDER BY r.id",
            case_id, 0, collector, error);
    } else if (metric_id) {
        code = read_values(store,
                           "SELECT s.run_id, s.pass, s.process, v.value FROM run r CROSS JOIN sample s "
                           "ON s.run_id = r.id AND s.case_id = ?1 CROSS JOIN sample_value v "
                           "ON v.sample_id = s.id AND v.metric_id = ?2 WHERE v.value NOT NULL "
                           "AND (s.status = 0 OR s.pass <> 0) ORDER BY r.id",
                           case_id, metric_id, collector, error);
    }
    size_t raw_count = collector->count;
    if (code == 0 && metric_id)
        code = read_summaries(store, case_id, metric_id, collector, error);
    if (collector->count > raw_count) /* pruned runs may lie between the others */
        qsort(collector->points, collector->count, sizeof *collector->points, compare_runs);
    return code;
}

int store_history(struct store *store, const char *suite, const char *name, const char *metric, struct arena *arena,
                  struct store_point **points, size_t *count, const char **unit, struct error *error)
{
    struct collector collector = { .arena = arena };
    int64_t case_id;
    *points = NULL;
    *count = 0;
    *unit = "";
    bool alone = store->depth == 0; /* one snapshot, although a run may be adding samples */
    int code = alone ? store_execute(store, "BEGIN", error) : 0;
    if (code != 0)
        return code;
    code = find_case(store, suite, name, &case_id, error);
    if (code == 0 && case_id)
        code = collect(store, case_id, metric, &collector, unit, error);
    if (code == 0)
        code = describe_points(store, &collector, error);
    if (code == 0)
        code = add_tags(store, &collector, error);
    if (code == 0)
        code = mark_sides(store, &collector, error);
    if (alone)
        sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    if (collector.count)
        qsort(collector.points, collector.count, sizeof *collector.points, compare_starts);
    *points = read_copy(arena, collector.points, collector.count, sizeof *collector.points);
    *count = collector.count;
    free(collector.points);
    free(collector.values);
    return code;
}

int store_case_names(struct store *store, struct arena *arena, struct store_case **cases, size_t *count,
                     struct error *error)
{
    struct store_case *list = NULL;
    size_t capacity = 0;
    *cases = NULL;
    *count = 0;
    sqlite3_stmt *statement;
    /* Newest runs first: a case that is still measured is found at once. */
    int code = store_prepare(store,
                             "SELECT u.name, c.name FROM suite u JOIN suite_case c ON c.suite_id = u.id WHERE EXISTS("
                             "SELECT 1 FROM (SELECT id FROM run ORDER BY id DESC) r CROSS JOIN sample s "
                             "ON s.run_id = r.id AND s.case_id = c.id) "
                             "OR EXISTS(SELECT 1 FROM summary WHERE case_id = c.id) ORDER BY u.id, c.id",
                             &statement, error);
    if (code != 0)
        return code;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        list[(*count)++] =
            (struct store_case){ .suite = read_text(statement, 0, arena), .name = read_text(statement, 1, arena) };
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *cases = read_copy(arena, list, *count, sizeof *list);
    free(list);
    return code;
}
