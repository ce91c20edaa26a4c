/* merge.c: runs of another database come into this one: all that belongs to them, comparisons, tags.
 *
 * Identity is the uuid of runs and comparisons, the fingerprint of machines, the digest of builds, the name of
 * everything else; row numbers are made anew. It is all SQL between the two files, in one transaction: a merge that is
 * killed, or finds the disk full, has not happened. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the other file ---- */

/* A copy in memory: for files that SQLite cannot attach (older ones that nobody may upgrade, read-only directories). */
static int attach_copy(struct store *store, struct store *other, struct error *error)
{
    int code = store_execute(store, "ATTACH ':memory:' AS other", error);
    if (code != 0)
        return code;
    sqlite3_backup *backup = sqlite3_backup_init(store->db, "other", other->db, "main");
    int result = backup ? sqlite3_backup_step(backup, -1) : SQLITE_ERROR;
    sqlite3_backup_finish(backup);
    return result == SQLITE_DONE ? 0 : error_set(error, ERROR_IO, "%s: cannot be read whole", other->path);
}

static int attach(struct store *store, struct store *other, struct error *error)
{
    const char *file = sqlite3_db_filename(other->db, "main");
    if (!file || !*file)
        return attach_copy(store, other, error);
    sqlite3_stmt *statement;
    int code = store_prepare(store, "ATTACH ?1 AS other", &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_text(statement, 1, file, -1, SQLITE_STATIC);
    int result = sqlite3_step(statement);
    sqlite3_finalize(statement);
    int64_t count;
    if (result == SQLITE_DONE && store_query_int(store, "SELECT count(*) FROM other.run", &count, NULL) == 0)
        return 0;
    sqlite3_exec(store->db, "DETACH other", NULL, NULL, NULL);
    return attach_copy(store, other, error);
}

/* Checks it as any database, and brings it to this schema. */
static int open_other(struct store *store, const char *path, struct error *error)
{
    struct store *other;
    int64_t same = 0;
    int code = store_open(&other, path, true, error);
    if (code != 0)
        return code;
    const char *mine = sqlite3_db_filename(store->db, "main"), *theirs = sqlite3_db_filename(other->db, "main");
    same = mine && theirs && *mine && strcmp(mine, theirs) == 0;
    code = same ? error_set(error, ERROR_USAGE, "%s: is this database itself", path) : attach(store, other, error);
    store_close(other);
    return code;
}

/* ---- the steps ---- */

/* Names first: everything else refers to them. */
static const char names_sql[] =
    "INSERT INTO main.text(text) SELECT text FROM other.text ORDER BY id ON CONFLICT DO NOTHING;"
    "INSERT INTO main.suite(name) SELECT name FROM other.suite ORDER BY id ON CONFLICT DO NOTHING;"
    "INSERT INTO main.suite_case(suite_id, name) SELECT n.id, c.name FROM other.suite_case c"
    "  JOIN other.suite o ON o.id = c.suite_id JOIN main.suite n ON n.name = o.name ORDER BY c.id ON CONFLICT DO NOTHING;"
    "INSERT INTO main.metric(name, unit) SELECT name, unit FROM other.metric ORDER BY id ON CONFLICT DO NOTHING;"
    "INSERT INTO main.machine(fingerprint) SELECT fingerprint FROM other.machine ORDER BY id ON CONFLICT DO NOTHING;"
    "INSERT INTO main.machine_fact SELECT n.id, f.name, f.value FROM other.machine_fact f"
    "  JOIN other.machine o ON o.id = f.machine_id JOIN main.machine n ON n.fingerprint = o.fingerprint"
    "  WHERE true ON CONFLICT DO NOTHING;"
    "INSERT INTO main.build(digest, git_commit, git_branch, git_dirty) SELECT digest, git_commit, git_branch, git_dirty"
    "  FROM other.build ORDER BY id ON CONFLICT DO NOTHING;"
    "INSERT INTO main.build_fact SELECT n.id, f.name, f.value FROM other.build_fact f"
    "  JOIN other.build o ON o.id = f.build_id JOIN main.build n ON n.digest = o.digest"
    "  WHERE true ON CONFLICT DO NOTHING;";

static const char maps_sql[] =
    "CREATE TEMP TABLE map_text AS SELECT o.id AS old, n.id AS new FROM other.text o JOIN main.text n ON n.text = o.text;"
    "CREATE UNIQUE INDEX temp.by_text ON map_text(old, new);"
    "CREATE TEMP TABLE map_metric AS SELECT o.id AS old, n.id AS new FROM other.metric o"
    "  JOIN main.metric n ON n.name = o.name AND n.unit = o.unit;"
    "CREATE UNIQUE INDEX temp.by_metric ON map_metric(old, new);"
    "CREATE TEMP TABLE map_suite AS SELECT o.id AS old, n.id AS new FROM other.suite o JOIN main.suite n ON n.name = "
    "o.name;"
    "CREATE TEMP TABLE map_case AS SELECT o.id AS old, n.id AS new FROM other.suite_case o"
    "  JOIN map_suite u ON u.old = o.suite_id JOIN main.suite_case n ON n.suite_id = u.new AND n.name = o.name;"
    "CREATE UNIQUE INDEX temp.by_case ON map_case(old, new);"
    "CREATE TEMP TABLE known_run AS SELECT o.id AS old, n.id AS new, n.status <> o.status"
    "  OR (n.pruned_ns IS NULL) <> (o.pruned_ns IS NULL) AS differs"
    "  FROM other.run o JOIN main.run n ON n.uuid = o.uuid;";

/* map_run: only runs that are new here; all_run: also those that were known. */
static const char runs_sql[] =
    "INSERT INTO main.run(uuid, plan, command, seed, status, started_ns, ended_ns, machine_id, build_id, sample_count,"
    "  case_count, pruned_ns) SELECT o.uuid, o.plan, o.command, o.seed, o.status, o.started_ns, o.ended_ns, n.id, b.id,"
    "  o.sample_count, o.case_count, o.pruned_ns FROM other.run o JOIN other.machine om ON om.id = o.machine_id"
    "  JOIN main.machine n ON n.fingerprint = om.fingerprint JOIN other.build ob ON ob.id = o.build_id"
    "  JOIN main.build b ON b.digest = ob.digest"
    "  WHERE o.id NOT IN (SELECT old FROM known_run) AND (?1 = 0 OR o.id = ?1) ORDER BY o.id";
static const char run_maps_sql[] =
    "CREATE TEMP TABLE all_run AS SELECT o.id AS old, n.id AS new FROM other.run o JOIN main.run n ON n.uuid = o.uuid;"
    "CREATE TEMP TABLE map_run AS SELECT old, new FROM all_run WHERE old NOT IN (SELECT old FROM known_run);"
    "CREATE UNIQUE INDEX temp.by_run ON map_run(old, new);"
    "CREATE TEMP TABLE base AS SELECT (SELECT coalesce(max(id), 0) FROM main.sample) AS sample,"
    "  (SELECT coalesce(max(id), 0) FROM main.profile) AS profile;"
    "INSERT INTO main.run_fact SELECT r.new, f.name, f.value FROM map_run r JOIN other.run_fact f ON f.run_id = r.old;"
    "INSERT INTO main.run_check SELECT r.new, c.position, c.name, c.verdict, c.seen, c.meaning, c.remedy FROM map_run r"
    "  JOIN other.run_check c ON c.run_id = r.old;"
    "INSERT INTO main.failure(run_id, suite_id, round, process, reason, stderr_tail) SELECT r.new, u.new, f.round,"
    "  f.process, f.reason, f.stderr_tail FROM map_run r JOIN other.failure f ON f.run_id = r.old"
    "  JOIN map_suite u ON u.old = f.suite_id ORDER BY f.id;";

#define OF_SAMPLE " FROM map_run r CROSS JOIN other.sample s ON s.run_id = r.old CROSS JOIN "
static const char samples_sql[] =
    "INSERT INTO main.sample(id, run_id, case_id, round, process, repetition, status, iterations, real_time_ns,"
    "  cpu_time_ns, label_id, message_id, digest_id, pass) SELECT s.id + (SELECT sample FROM base), r.new, c.new, s.round,"
    "  s.process, s.repetition, s.status, s.iterations, s.real_time_ns, s.cpu_time_ns, l.new, m.new, d.new, s.pass"
    "  FROM map_run r CROSS JOIN other.sample s ON s.run_id = r.old CROSS JOIN map_case c ON c.old = s.case_id"
    "  LEFT JOIN map_text l ON l.old = s.label_id LEFT JOIN map_text m ON m.old = s.message_id"
    "  LEFT JOIN map_text d ON d.old = s.digest_id;"
    "INSERT INTO main.sample_value(sample_id, metric_id, value, state, reason_id, running_share, remedy_id)"
    "  SELECT s.id + (SELECT sample FROM base), t.new, v.value, v.state, x.new, v.running_share, y.new" OF_SAMPLE
    "  other.sample_value v ON v.sample_id = s.id CROSS JOIN map_metric t ON t.old = v.metric_id"
    "  LEFT JOIN map_text x ON x.old = v.reason_id LEFT JOIN map_text y ON y.old = v.remedy_id;"
    "INSERT INTO main.sample_distribution SELECT s.id + (SELECT sample FROM base), v.count, v.values_ns" OF_SAMPLE
    "  other.sample_distribution v ON v.sample_id = s.id;"
    "INSERT INTO main.sample_thread_value SELECT s.id + (SELECT sample FROM base), t.new, v.thread, v.value" OF_SAMPLE
    "  other.sample_thread_value v ON v.sample_id = s.id CROSS JOIN map_metric t ON t.old = v.metric_id;"
    "INSERT INTO main.sample_span(sample_id, position, operation_id, layer, calls, time_ns, bytes, flops, kernels_id)"
    "  SELECT s.id + (SELECT sample FROM base), v.position, x.new, v.layer, v.calls, v.time_ns, v.bytes, v.flops, k.new" OF_SAMPLE
    "  other.sample_span v ON v.sample_id = s.id CROSS JOIN map_text x ON x.old = v.operation_id"
    "  LEFT JOIN map_text k ON k.old = v.kernels_id;"
    "INSERT INTO main.sample_course SELECT s.id + (SELECT sample FROM base), t.new, v.count, v.operations, v.\"values\"" OF_SAMPLE
    "  other.sample_course v ON v.sample_id = s.id CROSS JOIN map_metric t ON t.old = v.metric_id;";

static const char rest_sql[] =
    "INSERT INTO main.profile(id, run_id, case_id, title, kind, event, unit, frequency_hz, duration_ns, sample_count,"
    "  lost_count, truncated_count, note, size_bytes, stacks) SELECT p.id + (SELECT profile FROM base), r.new, c.new,"
    "  p.title, p.kind, p.event, p.unit, p.frequency_hz, p.duration_ns, p.sample_count, p.lost_count, p.truncated_count,"
    "  p.note, p.size_bytes, p.stacks FROM map_run r JOIN other.profile p ON p.run_id = r.old"
    "  LEFT JOIN map_case c ON c.old = p.case_id ORDER BY p.id;"
    "INSERT INTO main.profile_function SELECT p.id + (SELECT profile FROM base), f.rank, f.function, f.object, f.flat,"
    "  f.cumulative FROM map_run r JOIN other.profile p ON p.run_id = r.old"
    "  JOIN other.profile_function f ON f.profile_id = p.id;"
    "INSERT INTO main.summary SELECT c.new, t.new, s.pass, r.new, s.count, s.median, s.low, s.high, s.minimum, s.maximum,"
    "  s.mean, s.robust_sd FROM map_run r JOIN other.summary s ON s.run_id = r.old JOIN map_case c ON c.old = s.case_id"
    "  JOIN map_metric t ON t.old = s.metric_id;"
    "INSERT INTO main.summary_case SELECT r.new, c.new, s.sample_count, s.error_count, s.skip_count, l.new, m.new, d.new,"
    "  s.outputs_differ FROM map_run r JOIN other.summary_case s ON s.run_id = r.old"
    "  JOIN map_case c ON c.old = s.case_id LEFT JOIN map_text l ON l.old = s.label_id"
    "  LEFT JOIN map_text m ON m.old = s.message_id LEFT JOIN map_text d ON d.old = s.digest_id;";

static const char comparisons_sql[] =
    "INSERT INTO main.comparison(uuid, kind, base_run_id, candidate_run_id, base_name, candidate_name, seed, look,"
    "  look_count, identical_binaries, created_ns) SELECT c.uuid, c.kind, a.new, b.new, c.base_name, c.candidate_name,"
    "  c.seed, c.look, c.look_count, c.identical_binaries, c.created_ns FROM other.comparison c"
    "  JOIN all_run a ON a.old = c.base_run_id JOIN all_run b ON b.old = c.candidate_run_id"
    "  WHERE c.uuid NOT IN (SELECT uuid FROM main.comparison) ORDER BY c.id";
static const char outcomes_sql[] =
    "INSERT INTO main.comparison_outcome SELECT n.id, k.new, o.metric, o.effect, o.low, o.high, o.p, o.noise, o.pairs,"
    "  o.verdict FROM other.comparison c JOIN main.comparison n ON n.uuid = c.uuid"
    "  JOIN other.comparison_outcome o ON o.comparison_id = c.id JOIN map_case k ON k.old = o.case_id"
    "  WHERE true ON CONFLICT DO NOTHING";
static const char tags_sql[] =
    "INSERT INTO main.run_tag SELECT g.name, r.new, g.note, g.created_ns FROM other.run_tag g"
    "  JOIN all_run r ON r.old = g.run_id WHERE true ON CONFLICT DO NOTHING";

static const char drop_sql[] = "DROP TABLE IF EXISTS temp.map_text; DROP TABLE IF EXISTS temp.map_metric;"
                               "DROP TABLE IF EXISTS temp.map_suite; DROP TABLE IF EXISTS temp.map_case;"
                               "DROP TABLE IF EXISTS temp.known_run; DROP TABLE IF EXISTS temp.all_run;"
                               "DROP TABLE IF EXISTS temp.map_run; DROP TABLE IF EXISTS temp.base;";

/* Runs one INSERT; *changed: how many rows it made. */
static int insert_counted(struct store *store, const char *sql, int64_t parameter, size_t *changed, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store, sql, &statement, error);
    if (code != 0)
        return code;
    if (sqlite3_bind_parameter_count(statement) > 0)
        sqlite3_bind_int64(statement, 1, parameter);
    code = store_step_done(store, statement, error);
    sqlite3_finalize(statement);
    *changed = code == 0 ? (size_t)sqlite3_changes(store->db) : 0;
    return code;
}

static int count_into(struct store *store, const char *sql, size_t *count, struct error *error)
{
    int64_t value = 0;
    int code = store_query_int(store, sql, &value, error);
    *count = (size_t)value;
    return code;
}

static int copy_everything(struct store *store, int64_t only_run, struct store_merge_result *result,
                           struct error *error)
{
    size_t ignored;
    int code = store_execute(store, names_sql, error);
    if (code == 0)
        code = store_execute(store, maps_sql, error);
    if (code == 0)
        code = count_into(store, "SELECT count(*) FROM known_run", &result->runs_known, error);
    if (code == 0)
        code = count_into(store, "SELECT count(*) FROM known_run WHERE differs", &result->runs_differ, error);
    if (code == 0)
        code = insert_counted(store, runs_sql, only_run, &result->runs_added, error);
    if (code == 0)
        code = store_execute(store, run_maps_sql, error);
    if (code == 0)
        code = store_execute(store, samples_sql, error);
    if (code == 0)
        code = store_execute(store, rest_sql, error);
    if (code == 0)
        code = insert_counted(store, comparisons_sql, 0, &result->comparisons_added, error);
    if (code == 0)
        code = insert_counted(store, outcomes_sql, 0, &ignored, error);
    if (code == 0)
        code = count_into(store,
                          "SELECT count(*) FROM other.run_tag g JOIN all_run r ON r.old = g.run_id"
                          "  JOIN main.run_tag n ON n.name = g.name WHERE n.run_id <> r.new",
                          &result->tags_differ, error);
    if (code == 0)
        code = insert_counted(store, tags_sql, 0, &result->tags_added, error);
    return code;
}

int store_merge_run(struct store *store, const char *other_path, int64_t only_run, struct store_merge_result *result,
                    struct error *error)
{
    *result = (struct store_merge_result){ 0 };
    int code = open_other(store, other_path, error);
    if (code == 0)
        code = store_begin(store, error);
    if (code == 0) {
        code = copy_everything(store, only_run, result, error);
        code = store_end(store, code, error);
    }
    sqlite3_exec(store->db, drop_sql, NULL, NULL, NULL);
    sqlite3_exec(store->db, "DETACH other", NULL, NULL, NULL);
    if (code != 0)
        *result = (struct store_merge_result){ 0 };
    return code;
}

int store_merge(struct store *store, const char *other_path, struct store_merge_result *result, struct error *error)
{
    return store_merge_run(store, other_path, 0, result, error);
}
