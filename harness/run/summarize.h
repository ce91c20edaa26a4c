/* summarize.h: what is kept of a run when its samples are thrown away. */
#ifndef PRONY_RUN_SUMMARIZE_H
#define PRONY_RUN_SUMMARIZE_H

#include "harness/store/store.h"

/* Every metric of every case over its processes (repetitions inside one become their median first). In the arena. */
int summarize_run(struct store *store, int64_t run_id, struct arena *arena, struct store_summary **summaries,
                  size_t *count, struct error *error);
/* Summarizes and prunes it. */
int summarize_prune(struct store *store, int64_t run_id, struct error *error);

#endif
