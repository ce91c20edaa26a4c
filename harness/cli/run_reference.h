/* run_reference.h: what people call a run on a command line.
 *
 *   7, latest, latest~2, the start of a uuid, a tag, branch:NAME, commit:HASH     a run of the database
 * (store_run_find) main, 3f9c2a1                                                                 a branch, a commit, if
 * nothing is called so other.db, other.db:RUN                                                        a run of another
 * database; the newest results.json                                                                  another tool's
 * file (harness/run/import.h)
 *
 * A file is one that exists and has a '.' or a '/' in its name. Files of other tools are imported into a database of
 * their own, which is removed in the end: looking at a file changes nothing. */
#ifndef PRONY_CLI_RUN_REFERENCE_H
#define PRONY_CLI_RUN_REFERENCE_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/store/store.h"

/* A database that was opened, once however many runs of it are named. */
struct run_reference_store {
    char *path;
    struct store *store;
    char *directory;   /* of a database made for an import; NULL = not made */
    int64_t newest_id; /* of an import: its newest run */
};
struct run_references {
    const char *database; /* where names without a file are looked for; opened when one is */
    struct run_reference_store *stores;
    size_t count, capacity;
};

struct run_reference {
    const char *name; /* as the user called it */
    struct store *store;
    struct store_run_row row;
};
/* The row lives in the arena; the store until run_references_release. */
int run_reference_find(struct run_references *references, const char *text, struct arena *arena,
                       struct run_reference *found, struct error *error);
void run_references_release(struct run_references *references);

#endif
