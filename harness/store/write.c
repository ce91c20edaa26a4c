/* write.c: runs and failures go in. Every public function is one transaction: all of it or none. */
#include "harness/store/store_internal.h"
#include "harness/base/clock.h"
#include "harness/base/str.h"
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* Random UUID, version 4 (RFC 9562). */
int store_make_uuid(char buffer[37], struct error *error)
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_set(error, ERROR_IO, "the system gives no random numbers for a run's uuid");
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    char *p = buffer;
    for (size_t i = 0; i < sizeof bytes; i++)
        p += sprintf(p, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", bytes[i]);
    return 0;
}

static const char *find_fact(const struct store_fact *facts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(facts[i].name, name))
            return facts[i].value;
    return NULL;
}

/* FNV-1a over "name=value\n" of every fact, as 16 hexadecimal digits. */
static void digest_facts(const struct store_fact *facts, size_t count, char buffer[17])
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++) {
        const char *parts[4] = { facts[i].name, "=", facts[i].value, "\n" };
        for (int part = 0; part < 4; part++)
            for (const char *p = parts[part]; *p; p++)
                hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    }
    snprintf(buffer, 17, "%016llx", (unsigned long long)hash);
}

/* which inserts (?1 owner, ?2 name, ?3 value). */
static int insert_facts(struct store *store, enum statement which, int64_t owner, const struct store_fact *facts,
                        size_t count, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_statement(store, which, &statement, error);
    for (size_t i = 0; code == 0 && i < count; i++) {
        sqlite3_bind_int64(statement, 1, owner);
        sqlite3_bind_text(statement, 2, facts[i].name, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 3, facts[i].value, -1, SQLITE_STATIC);
        code = store_step_done(store, statement, error);
    }
    return code;
}

/* Finds the row whose identity is key, or makes it. *made says which. */
static int find_or_insert(struct store *store, enum statement select, enum statement insert, const char *const *texts,
                          int text_count, int64_t *id, bool *made, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_statement(store, select, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_text(statement, 1, texts[0], -1, SQLITE_STATIC);
    int result = sqlite3_step(statement);
    *made = result == SQLITE_DONE;
    if (result == SQLITE_ROW)
        *id = sqlite3_column_int64(statement, 0);
    else if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_reset(statement);
    if (code != 0 || !*made)
        return code;
    code = store_statement(store, insert, &statement, error);
    if (code != 0)
        return code;
    for (int i = 0; i < text_count; i++)
        sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_STATIC);
    code = store_step_done(store, statement, error);
    *id = sqlite3_last_insert_rowid(store->db);
    return code;
}

static int insert_machine(struct store *store, const struct store_run *run, int64_t *id, struct error *error)
{
    bool made;
    int code =
        find_or_insert(store, STATEMENT_MACHINE_ID, STATEMENT_MACHINE_INSERT, &run->fingerprint, 1, id, &made, error);
    if (code == 0 && made)
        code = insert_facts(store, STATEMENT_MACHINE_FACT_INSERT, *id, run->machine, run->machine_count, error);
    return code;
}

static int insert_build(struct store *store, const struct store_run *run, int64_t *id, struct error *error)
{
    char digest[17];
    digest_facts(run->build, run->build_count, digest);
    const char *texts[4] = { digest, find_fact(run->build, run->build_count, "git_commit"),
                             find_fact(run->build, run->build_count, "git_branch"),
                             find_fact(run->build, run->build_count, "git_dirty") };
    bool made;
    int code = find_or_insert(store, STATEMENT_BUILD_ID, STATEMENT_BUILD_INSERT, texts, 4, id, &made, error);
    if (code == 0 && made)
        code = insert_facts(store, STATEMENT_BUILD_FACT_INSERT, *id, run->build, run->build_count, error);
    return code;
}

static int insert_run(struct store *store, const struct store_run *run, const char *uuid, int64_t machine_id,
                      int64_t build_id, int64_t *run_id, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_statement(store, STATEMENT_RUN_INSERT, &statement, error);
    if (code != 0)
        return code;
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
    sqlite3_bind_text(statement, 1, uuid, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, run->plan, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, run->command, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, seed, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 5, run->started_ns ? run->started_ns : clock_utc_ns());
    sqlite3_bind_int64(statement, 6, machine_id);
    sqlite3_bind_int64(statement, 7, build_id);
    code = store_step_done(store, statement, error);
    *run_id = sqlite3_last_insert_rowid(store->db);
    return code;
}

int store_run_begin(struct store *store, const struct store_run *run, int64_t *run_id, struct error *error)
{
    char made[37];
    int code = run->uuid ? 0 : store_make_uuid(made, error);
    if (code == 0)
        code = store_begin(store, error);
    if (code != 0)
        return code;
    int64_t machine_id = 0, build_id = 0;
    code = insert_machine(store, run, &machine_id, error);
    if (code == 0)
        code = insert_build(store, run, &build_id, error);
    if (code == 0)
        code = insert_run(store, run, run->uuid ? run->uuid : made, machine_id, build_id, run_id, error);
    if (code == 0)
        code = insert_facts(store, STATEMENT_RUN_FACT_INSERT, *run_id, run->environment, run->environment_count, error);
    return store_end(store, code, error);
}

int store_run_facts_add(struct store *store, int64_t run_id, const struct store_fact *facts, size_t count,
                        struct error *error)
{
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    code = store_run_exists(store, run_id, error);
    if (code == 0)
        code = insert_facts(store, STATEMENT_RUN_FACT_INSERT, run_id, facts, count, error);
    return store_end(store, code, error);
}

/* The counts are kept, so that a list of runs counts nothing; a sample that is added later takes them back. */
static int write_end(struct store *store, int64_t run_id, const char *status, int64_t ended_ns, struct error *error)
{
    if (!str_equal(status, "complete") && !str_equal(status, "interrupted") && !str_equal(status, "failed"))
        return error_set(error, ERROR_STATE, "a run cannot end as '%s'", status);
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    sqlite3_stmt *statement;
    code = store_statement(store, STATEMENT_RUN_END, &statement, error);
    if (code == 0) {
        sqlite3_bind_text(statement, 1, status, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, ended_ns);
        sqlite3_bind_int64(statement, 3, run_id);
        code = store_step_done(store, statement, error);
    }
    if (code == 0 && sqlite3_changes(store->db) != 1)
        code = error_set(error, ERROR_STATE, "%s: there is no run %lld", store->path, (long long)run_id);
    return store_end(store, code, error);
}

/* A log that cannot grow (full disk, limit of file size) still has room once its pages are in the database: most of
 * them are there several times. So a run that ends for want of room says so. */
int store_run_end(struct store *store, int64_t run_id, const char *status, struct error *error)
{
    int64_t ended_ns = clock_utc_ns();
    int code = write_end(store, run_id, status, ended_ns, error);
    if (code != ERROR_IO)
        return code;
    struct error ignored;
    if (store_execute(store, "PRAGMA wal_checkpoint(TRUNCATE)", &ignored) != 0)
        return code;
    return write_end(store, run_id, status, ended_ns, error);
}

int store_run_end_at(struct store *store, int64_t run_id, const char *status, int64_t ended_ns, struct error *error)
{
    return write_end(store, run_id, status, ended_ns, error);
}

int store_run_known(struct store *store, const char *uuid, int64_t *run_id, struct error *error)
{
    sqlite3_stmt *statement;
    *run_id = 0;
    int code = store_prepare(store, "SELECT id FROM run WHERE uuid = ?1", &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_text(statement, 1, uuid, -1, SQLITE_STATIC);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *run_id = sqlite3_column_int64(statement, 0);
    else if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

int store_cases_declare(struct store *store, const char *suite, const char *const *names, size_t count,
                        struct error *error)
{
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    for (size_t i = 0; code == 0 && i < count; i++) {
        int64_t id;
        code = store_case_id(store, suite, names[i], &id, error);
    }
    return store_end(store, code, error);
}

int store_failure_add(struct store *store, int64_t run_id, const struct store_failure *failure, struct error *error)
{
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    int64_t suite_id = 0;
    sqlite3_stmt *statement = NULL;
    code = store_run_exists(store, run_id, error);
    if (code == 0)
        code = store_suite_id(store, failure->suite, &suite_id, error);
    if (code == 0)
        code = store_prepare(store,
                             "INSERT INTO failure(run_id, suite_id, round, process, reason, stderr_tail) "
                             "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                             &statement, error);
    if (code == 0) {
        sqlite3_bind_int64(statement, 1, run_id);
        sqlite3_bind_int64(statement, 2, suite_id);
        sqlite3_bind_int(statement, 3, failure->round);
        sqlite3_bind_int(statement, 4, failure->process);
        sqlite3_bind_text(statement, 5, failure->reason, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 6, failure->stderr_tail ? failure->stderr_tail : "", -1, SQLITE_STATIC);
        code = store_step_done(store, statement, error);
    }
    sqlite3_finalize(statement);
    return store_end(store, code, error);
}
