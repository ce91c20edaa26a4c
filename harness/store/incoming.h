/* incoming.h: rows of a C array as a table, so that one INSERT stores a whole group.
 *
 * A statement a row opens its cursors, walks down every tree and closes them again for each row. One statement for all
 * rows keeps its cursors where the last row went, which is where the next one goes. */
#ifndef PRONY_STORE_INCOMING_H
#define PRONY_STORE_INCOMING_H

#include <sqlite3.h>
#include <stddef.h>

/* The table's name; its columns are c0 to c12. It is in no file: a statement names it and finds it. */
#define INCOMING_TABLE "prony_incoming"

/* What the table holds at this moment. column hands over one value of one row by sqlite3_result_...; none is NULL. */
struct incoming {
    const void *rows;
    size_t count;
    void (*column)(sqlite3_context *context, const void *rows, size_t row, int column);
};

/* Makes the table in this connection. It reads *incoming whenever a statement starts to. Returns an SQLite code. */
int incoming_register(sqlite3 *db, struct incoming *incoming);

#endif
