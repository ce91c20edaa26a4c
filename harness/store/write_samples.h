/* write_samples.h: what the two files share that samples go in by. Only they include it. */
#ifndef PRONY_STORE_WRITE_SAMPLES_H
#define PRONY_STORE_WRITE_SAMPLES_H

#include "harness/store/store_internal.h"

/* write_details.c. All inside the transaction of the sample whose row is there. */
int write_details(struct store *store, int64_t sample_id, const struct store_sample *sample, struct error *error);
/* What the threads add to a value; an absent value has none. */
int write_thread_values(struct store *store, int64_t sample_id, int64_t metric_id, const struct store_metric *metric,
                        struct error *error);

#endif
