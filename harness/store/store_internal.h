/* store_internal.h: what the files of harness/store share. Nobody else includes it, except the store's own test. */
#ifndef PRONY_STORE_INTERNAL_H
#define PRONY_STORE_INTERNAL_H

#include "harness/store/store.h"
#include "harness/store/id_map.h"
#include "harness/store/incoming.h"
#include <sqlite3.h>

/* "PRNY" */
#define STORE_APPLICATION_ID 0x50524e59
/* How long a writer waits for another one. Transactions are short, so this means the other one hangs. */
#define STORE_BUSY_TIMEOUT_MS 20000

enum statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_MACHINE_ID,
    STATEMENT_MACHINE_INSERT,
    STATEMENT_MACHINE_FACT_INSERT,
    STATEMENT_BUILD_ID,
    STATEMENT_BUILD_INSERT,
    STATEMENT_BUILD_FACT_INSERT,
    STATEMENT_RUN_INSERT,
    STATEMENT_RUN_FACT_INSERT,
    STATEMENT_RUN_OPEN,
    STATEMENT_RUN_RECOUNT,
    STATEMENT_RUN_END,
    STATEMENT_TEXT_INSERT,
    STATEMENT_TEXT_ID,
    STATEMENT_SUITE_INSERT,
    STATEMENT_SUITE_ID,
    STATEMENT_CASE_INSERT,
    STATEMENT_CASE_ID,
    STATEMENT_METRIC_INSERT,
    STATEMENT_METRIC_ID,
    STATEMENT_SAMPLE_LAST,
    STATEMENT_SAMPLES_INSERT,
    STATEMENT_PLAIN_SAMPLES_INSERT,
    STATEMENT_VALUES_INSERT,
    STATEMENT_PLAIN_VALUES_INSERT,
    STATEMENT_DISTRIBUTION_INSERT,
    STATEMENT_THREAD_INSERT,
    STATEMENT_SPAN_INSERT,
    STATEMENT_COURSE_INSERT,
    STATEMENT_COUNT
};

struct store {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *statements[STATEMENT_COUNT];   /* prepared on first use, kept */
    struct id_map texts, suites, cases, metrics; /* ids of committed names; emptied by a rollback */
    struct incoming incoming;                    /* rows that the running statement inserts; none between statements */
    int depth;                                   /* of transactions inside each other: only the outermost is one */
};

/* store.c: describes the failed result code of the last call on the store's database. Returns error->code. */
int store_fail(struct store *store, int result, struct error *error);
/* Runs SQL that returns no rows. */
int store_execute(struct store *store, const char *sql, struct error *error);
/* The first column of the first row of sql; 0 if there is no row. */
int store_query_int(struct store *store, const char *sql, int64_t *value, struct error *error);
/* Compiles sql for one use; release with sqlite3_finalize. */
int store_prepare(struct store *store, const char *sql, sqlite3_stmt **statement, struct error *error);
/* One statement of the table, ready to bind. */
int store_statement(struct store *store, enum statement which, sqlite3_stmt **statement, struct error *error);
/* Runs a bound statement that returns no rows, and resets it. */
int store_step_done(struct store *store, sqlite3_stmt *statement, struct error *error);

/* BEGIN IMMEDIATE; inside another transaction only counted. */
int store_begin(struct store *store, struct error *error);
/* Commits when code is 0, else rolls back and returns code with the error untouched; inside another transaction that is
 * left to the outermost one, which must be told. */
int store_end(struct store *store, int code, struct error *error);

/* migrate.c: the schema version this program knows; brings an open writable database to it. */
int store_schema_version(void);
int store_migrate(struct store *store, struct error *error);

/* names.c: ids of names, made on first use. Inside a transaction. text may be NULL: id 0, to be bound as NULL. */
int store_text_id(struct store *store, const char *text, int64_t *id, struct error *error);
int store_suite_id(struct store *store, const char *name, int64_t *id, struct error *error);
int store_case_id(struct store *store, const char *suite, const char *name, int64_t *id, struct error *error);
int store_metric_id(struct store *store, const char *name, const char *unit, int64_t *id, struct error *error);

/* tags.c: an error if there is no such run. */
int store_run_exists(struct store *store, int64_t run_id, struct error *error);

/* write.c: 36 characters. */
int store_make_uuid(char buffer[37], struct error *error);

/* read_cases.c: a column's text in the arena; NULL stays NULL. */
const char *read_text(sqlite3_stmt *statement, int column, struct arena *arena);

#endif
