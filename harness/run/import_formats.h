/* import_formats.h: the readers, for the table. */
#ifndef PRONY_RUN_IMPORT_FORMATS_H
#define PRONY_RUN_IMPORT_FORMATS_H

#include "harness/run/import_internal.h"

#define IMPORT_FORMAT(name)                                    \
    bool import_is_##name(const struct import_source *source); \
    int import_read_##name(const struct import_source *source, struct import_document *document, struct error *error)

IMPORT_FORMAT(gbench);
IMPORT_FORMAT(llama_bench);
IMPORT_FORMAT(gobench);
IMPORT_FORMAT(hyperfine);
IMPORT_FORMAT(criterion);
IMPORT_FORMAT(pytest);
IMPORT_FORMAT(gh_action);
/* import_gobench.c: a value of a Go benchmark that is no time, for github-action-benchmark's history of them. */
void import_add_value_of_go(struct import_document *document, struct store_sample *sample, const char *unit,
                            double value);
bool import_is_prony(const struct import_source *source);
int import_prepare_prony(const struct import_source *source, struct import_document *document, struct error *error);

#endif
