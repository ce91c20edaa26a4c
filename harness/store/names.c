/* names.c: names are stored once and referred to by id. The maps spare a query a sample. */
#include "harness/store/store_internal.h"

/* Inserts (a[, b]) unless it is there, then asks for its id: another process may have inserted it since we last
 * looked, and inside BEGIN IMMEDIATE nobody else can in between. */
static int intern(struct store *store, enum statement insert, enum statement query, int64_t key, const char *a,
                  const char *b, int64_t *id, struct error *error)
{
    const enum statement steps[2] = { insert, query };
    for (int step = 0; step < 2; step++) {
        sqlite3_stmt *statement;
        int code = store_statement(store, steps[step], &statement, error);
        if (code != 0)
            return code;
        int column = 1;
        if (key)
            sqlite3_bind_int64(statement, column++, key);
        sqlite3_bind_text(statement, column++, a, -1, SQLITE_STATIC);
        if (b)
            sqlite3_bind_text(statement, column, b, -1, SQLITE_STATIC);
        int result = sqlite3_step(statement);
        if (result == SQLITE_ROW)
            *id = sqlite3_column_int64(statement, 0);
        else if (result != SQLITE_DONE || step == 1)
            code = store_fail(store, result, error);
        sqlite3_reset(statement);
        if (code != 0)
            return code;
    }
    return 0;
}

int store_text_id(struct store *store, const char *text, int64_t *id, struct error *error)
{
    *id = text ? id_map_find(&store->texts, text, "") : 0;
    if (!text || *id)
        return 0;
    int code = intern(store, STATEMENT_TEXT_INSERT, STATEMENT_TEXT_ID, 0, text, NULL, id, error);
    if (code == 0)
        id_map_add(&store->texts, text, "", *id);
    return code;
}

int store_suite_id(struct store *store, const char *name, int64_t *id, struct error *error)
{
    *id = id_map_find(&store->suites, name, "");
    if (*id)
        return 0;
    int code = intern(store, STATEMENT_SUITE_INSERT, STATEMENT_SUITE_ID, 0, name, NULL, id, error);
    if (code == 0)
        id_map_add(&store->suites, name, "", *id);
    return code;
}

int store_case_id(struct store *store, const char *suite, const char *name, int64_t *id, struct error *error)
{
    *id = id_map_find(&store->cases, suite, name);
    if (*id)
        return 0;
    int64_t suite_id;
    int code = store_suite_id(store, suite, &suite_id, error);
    if (code == 0)
        code = intern(store, STATEMENT_CASE_INSERT, STATEMENT_CASE_ID, suite_id, name, NULL, id, error);
    if (code == 0)
        id_map_add(&store->cases, suite, name, *id);
    return code;
}

int store_metric_id(struct store *store, const char *name, const char *unit, int64_t *id, struct error *error)
{
    *id = id_map_find(&store->metrics, name, unit);
    if (*id)
        return 0;
    int code = intern(store, STATEMENT_METRIC_INSERT, STATEMENT_METRIC_ID, 0, name, unit, id, error);
    if (code == 0)
        id_map_add(&store->metrics, name, unit, *id);
    return code;
}
