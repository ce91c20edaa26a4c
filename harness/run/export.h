/* export.h: a database, or one run of it, as a file for others (docs/FORMATS.md, "Exports"). */
#ifndef PRONY_RUN_EXPORT_H
#define PRONY_RUN_EXPORT_H

#include "harness/store/store.h"

/* Formats: "json" and "sql" (everything), "sqlite" (a database), "csv" (one row a sample and metric). run_id 0 = all
 * runs. path "-" or NULL = standard output. */
int export_write(struct store *store, const char *database, int64_t run_id, const char *format, const char *path,
                 struct error *error);

#endif
