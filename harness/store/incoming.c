/* incoming.c: the virtual table behind incoming.h: read from the first row to the last, nothing else.
 *
 * A table of that name in a stranger's file would be read instead, so whoever inserts from it counts what went in. */
#include "harness/store/incoming.h"
#include <stdlib.h>

struct table {
    sqlite3_vtab base; /* first: SQLite knows only this part */
    const struct incoming *incoming;
};

struct cursor {
    sqlite3_vtab_cursor base;
    size_t row;
};

static const struct incoming *rows_of(const sqlite3_vtab_cursor *cursor)
{
    return ((const struct table *)(const void *)cursor->pVtab)->incoming;
}

static int connect_table(sqlite3 *db, void *incoming, int argc, const char *const *argv, sqlite3_vtab **out,
                         char **message)
{
    (void)argc;
    (void)argv;
    (void)message;
    int result = sqlite3_declare_vtab(db, "CREATE TABLE t(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12)");
    if (result != SQLITE_OK)
        return result;
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    table->incoming = incoming;
    *out = &table->base;
    return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1000;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *cursor, int index, const char *name, int argc, sqlite3_value **argv)
{
    (void)index;
    (void)name;
    (void)argc;
    (void)argv;
    ((struct cursor *)(void *)cursor)->row = 0;
    return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *cursor)
{
    ((struct cursor *)(void *)cursor)->row++;
    return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *cursor)
{
    return ((struct cursor *)(void *)cursor)->row >= rows_of(cursor)->count;
}

static int read_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
    const struct incoming *incoming = rows_of(cursor);
    incoming->column(context, incoming->rows, ((struct cursor *)(void *)cursor)->row, column);
    return SQLITE_OK;
}

static int read_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct cursor *)(void *)cursor)->row;
    return SQLITE_OK;
}

/* Without xCreate the table is there without being created. */
static const sqlite3_module module = {
    .iVersion = 1,
    .xConnect = connect_table,
    .xBestIndex = best_index,
    .xDisconnect = disconnect_table,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next_row,
    .xEof = at_end,
    .xColumn = read_column,
    .xRowid = read_rowid,
};

int incoming_register(sqlite3 *db, struct incoming *incoming)
{
    return sqlite3_create_module(db, INCOMING_TABLE, &module, incoming);
}
