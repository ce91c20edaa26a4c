/* dump.c: the tables as text, row by row, and rows back in. Of whole databases: who wants one run makes a database of
 * it first (store_merge_run). */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- out ---- */

static void write_json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(out, "\\%c", *p);
        else if (*p < 0x20)
            fprintf(out, "\\u%04x", *p);
        else
            fputc(*p, out);
    }
    fputc('"', out);
}

static void write_hex(FILE *out, sqlite3_stmt *statement, int column)
{
    const unsigned char *bytes = sqlite3_column_blob(statement, column);
    int size = sqlite3_column_bytes(statement, column);
    for (int i = 0; i < size; i++)
        fprintf(out, "%02x", bytes[i]);
}

static void write_json_cell(FILE *out, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: fprintf(out, "%lld", (long long)sqlite3_column_int64(statement, column)); return;
    case SQLITE_FLOAT: fprintf(out, "%.17g", sqlite3_column_double(statement, column)); return;
    case SQLITE_TEXT: write_json_text(out, (const char *)sqlite3_column_text(statement, column)); return;
    case SQLITE_BLOB:
        fputs("{\"hex\":\"", out);
        write_hex(out, statement, column);
        fputs("\"}", out);
        return;
    default: fputs("null", out);
    }
}

static void write_sql_cell(FILE *out, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: fprintf(out, "%lld", (long long)sqlite3_column_int64(statement, column)); return;
    case SQLITE_FLOAT: fprintf(out, "%.17g", sqlite3_column_double(statement, column)); return;
    case SQLITE_BLOB:
        fputs("x'", out);
        write_hex(out, statement, column);
        fputc('\'', out);
        return;
    case SQLITE_TEXT:
        fputc('\'', out);
        for (const char *p = (const char *)sqlite3_column_text(statement, column); *p; p++) {
            if (*p == '\'')
                fputc('\'', out);
            fputc(*p, out);
        }
        fputc('\'', out);
        return;
    default: fputs("NULL", out);
    }
}

/* A REAL that has no fraction must stay one: 3 is no REAL in a STRICT column's text, but SQLite converts it. */
static int dump_rows(struct store *store, const char *table, bool json, FILE *out, struct error *error)
{
    sqlite3_stmt *statement;
    char *sql = mem_format("SELECT * FROM \"%s\"", table);
    int code = store_prepare(store, sql, &statement, error), result = SQLITE_DONE;
    free(sql);
    if (code != 0)
        return code;
    int columns = sqlite3_column_count(statement);
    if (json) {
        fputs("{\"columns\":[", out);
        for (int i = 0; i < columns; i++) {
            fputs(i ? "," : "", out);
            write_json_text(out, sqlite3_column_name(statement, i));
        }
        fputs("],\"rows\":[", out);
    }
    for (bool first = true; (result = sqlite3_step(statement)) == SQLITE_ROW; first = false) {
        if (json)
            fputs(first ? "\n[" : ",\n[", out);
        else
            fprintf(out, "INSERT INTO \"%s\" VALUES(", table);
        for (int i = 0; i < columns; i++) {
            fputs(i ? "," : "", out);
            (json ? write_json_cell : write_sql_cell)(out, statement, i);
        }
        fputs(json ? "]" : ");\n", out);
    }
    if (json)
        fputs("]}", out);
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

/* Tables in the order they were made, so that whatever a row refers to comes before it; the rest of the schema last. */
static int dump_tables(struct store *store, bool json, FILE *out, struct error *error)
{
    sqlite3_stmt *tables;
    int code = store_prepare(store,
                             "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                             "ORDER BY rowid",
                             &tables, error);
    if (code != 0)
        return code;
    int result = SQLITE_DONE;
    for (bool first = true; code == 0 && (result = sqlite3_step(tables)) == SQLITE_ROW; first = false) {
        const char *name = (const char *)sqlite3_column_text(tables, 0);
        if (json) {
            fputs(first ? "\n" : ",\n", out);
            write_json_text(out, name);
            fputc(':', out);
        } else {
            fprintf(out, "%s;\n", (const char *)sqlite3_column_text(tables, 1));
        }
        code = dump_rows(store, name, json, out, error);
    }
    if (code == 0 && result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(tables);
    return code;
}

static int dump_rest(struct store *store, FILE *out, struct error *error)
{
    sqlite3_stmt *rest;
    int code = store_prepare(
        store, "SELECT sql FROM sqlite_schema WHERE type IN('index', 'view') AND sql NOT NULL ORDER BY rowid", &rest,
        error);
    if (code != 0)
        return code;
    int result;
    while ((result = sqlite3_step(rest)) == SQLITE_ROW)
        fprintf(out, "%s;\n", (const char *)sqlite3_column_text(rest, 0));
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(rest);
    return code;
}

int store_dump(struct store *store, bool json, FILE *out, struct error *error)
{
    int code = store_execute(store, "BEGIN", error);
    if (code != 0)
        return code;
    if (json)
        fprintf(out, "{\"prony_export\":1,\"schema\":%d,\"tables\":{", store_schema_version());
    else
        fprintf(out, "PRAGMA application_id = %d;\nPRAGMA user_version = %d;\nPRAGMA foreign_keys = OFF;\nBEGIN;\n",
                STORE_APPLICATION_ID, store_schema_version());
    code = dump_tables(store, json, out, error);
    if (code == 0 && !json)
        code = dump_rest(store, out, error);
    fputs(json ? "\n}}\n" : "COMMIT;\n", out);
    sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    if (code == 0 && (fflush(out) != 0 || ferror(out)))
        code = error_system(error, errno, "the export cannot be written");
    return code;
}

/* ---- in ---- */

static int bind_cell(sqlite3_stmt *statement, int column, const struct store_cell *cell)
{
    switch (cell->kind) {
    case STORE_CELL_INTEGER: return sqlite3_bind_int64(statement, column, cell->integer);
    case STORE_CELL_REAL: return sqlite3_bind_double(statement, column, cell->real);
    case STORE_CELL_TEXT: return sqlite3_bind_text(statement, column, cell->text, -1, SQLITE_STATIC);
    case STORE_CELL_BLOB: return sqlite3_bind_blob64(statement, column, cell->text, cell->size, SQLITE_STATIC);
    default: return sqlite3_bind_null(statement, column);
    }
}

/* Names become part of SQL: only letters, digits and _. That they exist is for SQLite to say. */
static bool is_plain(const char *name)
{
    return *name && strlen(name) < 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name) &&
           !str_starts(name, "sqlite_");
}

int store_load_rows(struct store *store, const char *table, const char *const *columns, size_t column_count,
                    store_next_row *next, void *context, struct error *error)
{
    struct str sql = { 0 };
    bool plain = is_plain(table) && column_count > 0 && column_count < 100;
    str_appendf(&sql, "INSERT INTO \"%s\"(", table);
    for (size_t i = 0; i < column_count; i++) {
        plain = plain && is_plain(columns[i]);
        str_appendf(&sql, "%s\"%s\"", i ? "," : "", columns[i]);
    }
    str_append(&sql, ") VALUES(");
    for (size_t i = 0; i < column_count; i++)
        str_append(&sql, i ? ",?" : "?");
    str_append(&sql, ")");
    sqlite3_stmt *statement = NULL;
    int code = plain ? store_prepare(store, str_text(&sql), &statement, error)
                     : error_set(error, ERROR_FORMAT, "'%.60s' is no table with columns", table);
    str_release(&sql);
    const struct store_cell *cells;
    while (code == 0 && (code = next(context, &cells, error)) == 0 && cells) {
        for (size_t i = 0; i < column_count; i++)
            bind_cell(statement, (int)i + 1, &cells[i]);
        code = store_step_done(store, statement, error);
    }
    sqlite3_finalize(statement);
    return code;
}

/* ---- names that nothing refers to ---- */

static const char unused_sql[] =
    "DELETE FROM metric WHERE id NOT IN (SELECT metric_id FROM sample_value UNION SELECT metric_id FROM sample_course"
    "  UNION SELECT metric_id FROM summary UNION SELECT metric_id FROM sample_thread_value);"
    "DELETE FROM suite_case WHERE id NOT IN (SELECT case_id FROM sample UNION SELECT case_id FROM summary"
    "  UNION SELECT case_id FROM summary_case UNION SELECT case_id FROM comparison_outcome"
    "  UNION SELECT case_id FROM profile WHERE case_id NOT NULL);"
    "DELETE FROM suite WHERE id NOT IN (SELECT suite_id FROM suite_case UNION SELECT suite_id FROM failure);"
    "DELETE FROM machine_fact WHERE machine_id NOT IN (SELECT machine_id FROM run);"
    "DELETE FROM machine WHERE id NOT IN (SELECT machine_id FROM run);"
    "DELETE FROM build_fact WHERE build_id NOT IN (SELECT build_id FROM run);"
    "DELETE FROM build WHERE id NOT IN (SELECT build_id FROM run);"
    "DELETE FROM text WHERE id NOT IN (SELECT label_id FROM sample WHERE label_id NOT NULL"
    "  UNION SELECT message_id FROM sample WHERE message_id NOT NULL"
    "  UNION SELECT digest_id FROM sample WHERE digest_id NOT NULL"
    "  UNION SELECT reason_id FROM sample_value WHERE reason_id NOT NULL"
    "  UNION SELECT remedy_id FROM sample_value WHERE remedy_id NOT NULL"
    "  UNION SELECT operation_id FROM sample_span UNION SELECT kernels_id FROM sample_span WHERE kernels_id NOT NULL"
    "  UNION SELECT label_id FROM summary_case WHERE label_id NOT NULL"
    "  UNION SELECT message_id FROM summary_case WHERE message_id NOT NULL"
    "  UNION SELECT digest_id FROM summary_case WHERE digest_id NOT NULL);";

int store_drop_unused(struct store *store, struct error *error)
{
    int code = store_begin(store, error);
    if (code == 0)
        code = store_end(store, store_execute(store, unused_sql, error), error);
    id_map_release(&store->texts);
    id_map_release(&store->suites);
    id_map_release(&store->cases);
    id_map_release(&store->metrics);
    return code;
}
