/* migrate.c: from whatever schema a file has to the newest one, in one transaction. */
#include "harness/store/store_internal.h"
#include "harness/store/schema.sql.h"
#include <stdio.h>

/* migrations[i] turns version i into i + 1. Compilers need not take strings above 4095 bytes, so there are two. */
static const struct {
    const char *first, *second;
} migrations[] = {
    { schema_v1_tables, schema_v1_views },
    { schema_v2_tables, schema_v2_views },
    { schema_v3_tables, schema_v3_views },
};

int store_schema_version(void)
{
    return (int)(sizeof migrations / sizeof migrations[0]);
}

int store_migrate(struct store *store, struct error *error)
{
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    /* Read again under the lock: another process may have migrated since the file was opened. */
    int64_t version;
    code = store_query_int(store, "PRAGMA user_version", &version, error);
    for (; code == 0 && version < store_schema_version(); version++) {
        code = store_execute(store, migrations[version].first, error);
        if (code == 0)
            code = store_execute(store, migrations[version].second, error);
    }
    if (code == 0) {
        char sql[96];
        snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_APPLICATION_ID,
                 store_schema_version());
        code = store_execute(store, sql, error);
    }
    return store_end(store, code, error);
}
