/* store.c: the open database: refusal of what is not ours, transactions, prepared statements, error texts.
 *
 * Invariant: the id maps hold only ids of rows that are committed or belong to the open transaction; a rollback
 * empties them. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WAL_PAUSE_MS = 10, SMALLEST_PAGE_BYTES = 512 };

static const char *const statement_sql[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_MACHINE_ID] = "SELECT id FROM machine WHERE fingerprint = ?1",
    [STATEMENT_MACHINE_INSERT] = "INSERT INTO machine(fingerprint) VALUES(?1)",
    [STATEMENT_MACHINE_FACT_INSERT] = "INSERT INTO machine_fact VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
    [STATEMENT_BUILD_ID] = "SELECT id FROM build WHERE digest = ?1",
    [STATEMENT_BUILD_INSERT] = "INSERT INTO build(digest, git_commit, git_branch, git_dirty) VALUES(?1, ?2, ?3, ?4)",
    [STATEMENT_BUILD_FACT_INSERT] = "INSERT INTO build_fact VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
    [STATEMENT_RUN_INSERT] = ("INSERT INTO run(uuid, plan, command, seed, started_ns, machine_id, build_id) "
                              "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
    [STATEMENT_RUN_FACT_INSERT] = "INSERT INTO run_fact VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
    [STATEMENT_RUN_OPEN] = "SELECT sample_count FROM run WHERE id = ?1",
    [STATEMENT_RUN_RECOUNT] =
        "UPDATE run SET sample_count = NULL, case_count = NULL WHERE id = ?1 AND sample_count NOT NULL",
    [STATEMENT_RUN_END] =
        ("UPDATE run SET status = ?1, ended_ns = ?2, (sample_count, case_count) = "
         "(SELECT coalesce(sum(n), 0), count(*) FROM (SELECT count(*) AS n FROM sample WHERE run_id = ?3 GROUP BY case_id)) "
         "WHERE id = ?3"),
    [STATEMENT_TEXT_INSERT] = "INSERT INTO text(text) VALUES(?1) ON CONFLICT DO NOTHING",
    [STATEMENT_TEXT_ID] = "SELECT id FROM text WHERE text = ?1",
    [STATEMENT_SUITE_INSERT] = "INSERT INTO suite(name) VALUES(?1) ON CONFLICT DO NOTHING",
    [STATEMENT_SUITE_ID] = "SELECT id FROM suite WHERE name = ?1",
    [STATEMENT_CASE_INSERT] = "INSERT INTO suite_case(suite_id, name) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
    [STATEMENT_CASE_ID] = "SELECT id FROM suite_case WHERE suite_id = ?1 AND name = ?2",
    [STATEMENT_METRIC_INSERT] = "INSERT INTO metric(name, unit) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
    [STATEMENT_METRIC_ID] = "SELECT id FROM metric WHERE name = ?1 AND unit = ?2",
    [STATEMENT_SAMPLE_LAST] = "SELECT max(id) FROM sample",
    [STATEMENT_SAMPLES_INSERT] =
        ("INSERT INTO sample(run_id, case_id, round, process, repetition, status, iterations, real_time_ns, "
         "cpu_time_ns, pass, label_id, message_id, digest_id) "
         "SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12 FROM " INCOMING_TABLE),
    [STATEMENT_PLAIN_SAMPLES_INSERT] =
        ("INSERT INTO sample(run_id, case_id, round, process, repetition, status, iterations, real_time_ns, "
         "cpu_time_ns, pass) SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 FROM " INCOMING_TABLE),
    [STATEMENT_VALUES_INSERT] =
        ("INSERT INTO sample_value(sample_id, metric_id, value, state, running_share, reason_id, remedy_id) "
         "SELECT c0, c1, c2, c3, c4, c5, c6 FROM " INCOMING_TABLE),
    [STATEMENT_PLAIN_VALUES_INSERT] = ("INSERT INTO sample_value(sample_id, metric_id, value, state) "
                                       "SELECT c0, c1, c2, c3 FROM " INCOMING_TABLE),
    [STATEMENT_DISTRIBUTION_INSERT] = "INSERT INTO sample_distribution(sample_id, count, values_ns) VALUES(?1, ?2, ?3)",
    [STATEMENT_THREAD_INSERT] =
        "INSERT INTO sample_thread_value(sample_id, metric_id, thread, value) VALUES(?1, ?2, ?3, ?4)",
    [STATEMENT_SPAN_INSERT] =
        ("INSERT INTO sample_span(sample_id, position, operation_id, layer, calls, time_ns, bytes, flops, kernels_id) "
         "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
    [STATEMENT_COURSE_INSERT] =
        "INSERT INTO sample_course(sample_id, metric_id, count, operations, \"values\") VALUES(?1, ?2, ?3, ?4, ?5)",
};

/* ---- errors ---- */

/* What is damaged, as far as SQLite can tell; "" if it cannot. */
static void describe_damage(struct store *store, char *buffer, size_t size)
{
    buffer[0] = 0;
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK)
        return;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        if (text && strcmp(text, "ok") != 0) {
            snprintf(buffer, size, ": %s", text);
            for (char *p = buffer; *p; p++)
                if (*p == '\n')
                    *p = ' ';
        }
    }
    sqlite3_finalize(statement);
}

int store_fail(struct store *store, int result, struct error *error)
{
    const char *path = store->path;
    int system = sqlite3_system_errno(store->db);
    switch (result & 0xff) {
    case SQLITE_FULL: return error_set(error, ERROR_IO, "%s: the disk is full; everything stored before is safe", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(error, ERROR_IO, "%s: locked by another program for more than %d s", path,
                         STORE_BUSY_TIMEOUT_MS / 1000);
    case SQLITE_READONLY:
        return error_set(error, ERROR_IO, "%s: cannot be written: the file or its directory is read-only", path);
    case SQLITE_NOTADB: return error_set(error, ERROR_FORMAT, "%s: not a prony database (not SQLite at all)", path);
    case SQLITE_CORRUPT: {
        char detail[200];
        describe_damage(store, detail, sizeof detail);
        return error_set(error, ERROR_FORMAT, "%s: the database is damaged%s (sqlite3 '%s' .recover saves the rest)",
                         path, detail, path);
    }
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        if (system)
            return error_system(error, system, "%s", path);
        return error_set(error, ERROR_IO, "%s: %s%s", path, sqlite3_errmsg(store->db),
                         result == SQLITE_IOERR_WRITE
                             ? " while writing (file size limit, or a failing disk); everything stored before is safe"
                             : "");
    case SQLITE_NOMEM: return error_set(error, ERROR_MEMORY, "%s: out of memory", path);
    default: return error_set(error, ERROR_STATE, "%s: %s", path, sqlite3_errmsg(store->db));
    }
}

/* ---- statements ---- */

int store_execute(struct store *store, const char *sql, struct error *error)
{
    int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : store_fail(store, result, error);
}

int store_prepare(struct store *store, const char *sql, sqlite3_stmt **statement, struct error *error)
{
    int result = sqlite3_prepare_v2(store->db, sql, -1, statement, NULL);
    return result == SQLITE_OK ? 0 : store_fail(store, result, error);
}

int store_query_int(struct store *store, const char *sql, int64_t *value, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store, sql, &statement, error);
    if (code != 0)
        return code;
    int result = sqlite3_step(statement);
    *value = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

int store_statement(struct store *store, enum statement which, sqlite3_stmt **statement, struct error *error)
{
    if (!store->statements[which]) {
        int result = sqlite3_prepare_v3(store->db, statement_sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                        &store->statements[which], NULL);
        if (result != SQLITE_OK)
            return store_fail(store, result, error);
    }
    *statement = store->statements[which];
    return 0;
}

int store_step_done(struct store *store, sqlite3_stmt *statement, struct error *error)
{
    int result = sqlite3_step(statement);
    int code = result == SQLITE_DONE || result == SQLITE_ROW ? 0 : store_fail(store, result, error);
    sqlite3_reset(statement);
    return code;
}

static void release_statements(struct store *store)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
}

static int run_statement(struct store *store, enum statement which, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_statement(store, which, &statement, error);
    return code == 0 ? store_step_done(store, statement, error) : code;
}

int store_begin(struct store *store, struct error *error)
{
    int code = store->depth > 0 ? 0 : run_statement(store, STATEMENT_BEGIN, error);
    store->depth += code == 0;
    return code;
}

int store_end(struct store *store, int code, struct error *error)
{
    if (--store->depth > 0)
        return code;
    if (code == 0)
        code = run_statement(store, STATEMENT_COMMIT, error);
    if (code == 0)
        return 0;
    /* Some errors (full disk) have already rolled back; then there is nothing left to do. */
    if (!sqlite3_get_autocommit(store->db))
        run_statement(store, STATEMENT_ROLLBACK, NULL);
    id_map_release(&store->texts);
    id_map_release(&store->suites);
    id_map_release(&store->cases);
    id_map_release(&store->metrics);
    return code;
}

int store_group_begin(struct store *store, struct error *error)
{
    return store_begin(store, error);
}

int store_group_end(struct store *store, int code, struct error *error)
{
    return store_end(store, code, error);
}

/* ---- opening ---- */

/* SQLite's own texts for these are "unable to open database file", without the reason. And it takes a very short file
 * of somebody else for an empty database, so the size is looked at here; no database is smaller than a page of the
 * smallest size. What the bytes are is left to SQLite, which reads them under its lock: while another program makes
 * the file, it is long enough for a moment and all zeros. */
static int check_path(const char *path, bool read_only, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        if (read_only)
            return error_set(error, ERROR_IO, "%s: there is no such database (prony run makes one)", path);
        return 0;
    }
    if (S_ISDIR(status.st_mode))
        return error_set(error, ERROR_IO, "%s: is a directory, not a database", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_IO, "%s: is not a regular file", path);
    if (access(path, R_OK) != 0)
        return error_system(error, errno, "%s", path);
    if (status.st_size > 0 && status.st_size < SMALLEST_PAGE_BYTES)
        return error_set(error, ERROR_FORMAT, "%s: not a prony database (not SQLite at all)", path);
    return 0;
}

/* Decides whether the file is ours, new, or none of our business. */
static int check_identity(struct store *store, bool read_only, bool *migrate, struct error *error)
{
    int64_t application, version, tables;
    /* In one snapshot: another process may be creating the tables at this moment. */
    int code = store_execute(store, "BEGIN", error);
    if (code == 0)
        code = store_query_int(store, "SELECT count(*) FROM sqlite_schema", &tables, error);
    if (code == 0)
        code = store_query_int(store, "PRAGMA application_id", &application, error);
    if (code == 0)
        code = store_query_int(store, "PRAGMA user_version", &version, error);
    if (code == 0)
        code = store_execute(store, "COMMIT", error);
    if (code != 0)
        return code;
    bool empty = application == 0 && version == 0 && tables == 0;
    if (!empty && application != STORE_APPLICATION_ID)
        return error_set(error, ERROR_FORMAT, "%s: not a prony database (application id 0x%08llx, prony's is 0x%08x)",
                         store->path, (unsigned long long)application, STORE_APPLICATION_ID);
    if (version > store_schema_version())
        return error_set(error, ERROR_UNSUPPORTED, "%s: made by a newer prony (schema %lld, this one knows %d)",
                         store->path, (long long)version, store_schema_version());
    if (read_only && empty)
        return error_set(error, ERROR_FORMAT, "%s: an empty file, no run was recorded in it", store->path);
    *migrate = version < store_schema_version();
    return 0;
}

/* A WAL database on a read-only medium can be read only if SQLite is told that nobody writes it. That is true when no
 * log file is there. */
static int reopen_immutable(struct store *store)
{
    char *log = mem_format("%s-wal", store->path);
    struct stat status;
    bool has_log = stat(log, &status) == 0 && status.st_size > 0;
    free(log);
    if (has_log)
        return SQLITE_CANTOPEN;
    struct str uri = { 0 };
    str_append(&uri, "file:");
    for (const char *p = store->path; *p; p++) {
        if (strchr("%?#", *p))
            str_appendf(&uri, "%%%02x", (unsigned)(unsigned char)*p);
        else
            str_append_char(&uri, *p);
    }
    str_append(&uri, "?immutable=1");
    sqlite3_close(store->db);
    int result = sqlite3_open_v2(str_text(&uri), &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    str_release(&uri);
    return result;
}

static int configure(struct store *store, struct error *error)
{
    int result = incoming_register(store->db, &store->incoming);
    if (result != SQLITE_OK)
        return store_fail(store, result, error);
    sqlite3_busy_timeout(store->db, STORE_BUSY_TIMEOUT_MS);
    sqlite3_extended_result_codes(store->db, 1);
    /* A database may come from a stranger: nothing in its schema may call functions with side effects. */
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* References and CHECKs are ours to keep: ids come from rows of the same transaction, values are looked at before
     * they are bound, and store_check asks about both. Asked again at every insert they cost half of it: an IN(...) in
     * a CHECK is a temporary table each time. Some SQLites (Debian's) also overwrite with zeros what is deleted. */
    return store_execute(
        store,
        "PRAGMA ignore_check_constraints = ON; PRAGMA secure_delete = OFF; PRAGMA synchronous = NORMAL;"
        "PRAGMA cache_size = -16384; PRAGMA mmap_size = 1073741824; PRAGMA wal_autocheckpoint = 4000",
        error);
}

/* Reading opens the file for writing where that is allowed: only then can SQLite take away the log files that even a
 * reader needs. query_only keeps the promise of store.h. */
static int open_database(struct store *store, bool read_only, struct error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int result = sqlite3_open_v2(store->path, &store->db, flags | (read_only ? 0 : SQLITE_OPEN_CREATE), NULL);
    if (result == SQLITE_OK && read_only) {
        result =
            sqlite3_exec(store->db, "PRAGMA query_only = ON; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
        int basic = result & 0xff;
        if (basic == SQLITE_CANTOPEN || basic == SQLITE_READONLY)
            result = reopen_immutable(store);
        else
            result = SQLITE_OK; /* anything else is described when the identity is read */
    }
    return result == SQLITE_OK ? configure(store, error) : store_fail(store, result, error);
}

/* SQLite does not wait by itself when two programs change the journal mode of a new file at once: it answers "busy" to
 * avoid a deadlock. Whoever comes second finds the mode already changed. */
static int enter_wal(struct store *store, struct error *error)
{
    const struct timespec pause = { 0, WAL_PAUSE_MS * 1000000 };
    int result = SQLITE_BUSY;
    for (int waited_ms = 0; (result & 0xff) == SQLITE_BUSY && waited_ms < STORE_BUSY_TIMEOUT_MS;
         waited_ms += WAL_PAUSE_MS) {
        result = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if ((result & 0xff) == SQLITE_BUSY)
            nanosleep(&pause, NULL);
    }
    return result == SQLITE_OK ? 0 : store_fail(store, result, error);
}

/* Replaces the connection by one to a copy in memory, which may be changed. */
static int load_into_memory(struct store *store, struct error *error)
{
    sqlite3 *memory = NULL;
    int result = sqlite3_open_v2(":memory:", &memory, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    sqlite3_backup *backup = result == SQLITE_OK ? sqlite3_backup_init(memory, "main", store->db, "main") : NULL;
    if (backup) {
        result = sqlite3_backup_step(backup, -1);
        sqlite3_backup_finish(backup);
    }
    if (!backup || result != SQLITE_DONE) {
        int code = error_set(error, ERROR_IO, "%s: made by an older prony, and cannot be read into memory: %s",
                             store->path, sqlite3_errmsg(memory));
        sqlite3_close(memory);
        return code;
    }
    sqlite3_close(store->db);
    store->db = memory;
    return configure(store, error);
}

/* An older file is upgraded in place, or, where nothing may be written, in a copy in memory. */
static int upgrade_to_read(struct store *store, struct error *error)
{
    struct error refused;
    int code = store_execute(store, "PRAGMA query_only = OFF", error);
    if (code == 0 && store_migrate(store, &refused) != 0) {
        release_statements(store);
        code = load_into_memory(store, error);
        if (code == 0)
            code = store_migrate(store, error);
    }
    return code == 0 ? store_execute(store, "PRAGMA query_only = ON", error) : code;
}

int store_open(struct store **out, const char *path, bool read_only, struct error *error)
{
    *out = NULL;
    int code = check_path(path, read_only, error);
    if (code != 0)
        return code;
    struct store *store = mem_alloc(sizeof *store);
    store->path = mem_strdup(path);
    bool migrate = false;
    code = open_database(store, read_only, error);
    if (code == 0)
        code = check_identity(store, read_only, &migrate, error);
    if (code == 0 && !read_only)
        code = enter_wal(store, error);
    if (code == 0 && migrate)
        code = read_only ? upgrade_to_read(store, error) : store_migrate(store, error);
    if (code != 0) {
        store_close(store);
        return code;
    }
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    release_statements(store);
    sqlite3_close(store->db);
    id_map_release(&store->texts);
    id_map_release(&store->suites);
    id_map_release(&store->cases);
    id_map_release(&store->metrics);
    free(store->path);
    free(store);
}
