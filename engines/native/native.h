/* native.h: Prony's own engine: GGUF models, mapped, on the CPU. */
#ifndef PRONY_NATIVE_NATIVE_H
#define PRONY_NATIVE_NATIVE_H

#include "engines/engine.h"
#include "engines/native/model.h"
#include "engines/native/tokenizer.h"
#include "harness/base/pool.h"
#include <pthread.h>

extern const struct engine_ops native_ops;

/* Immutable after opening, but for the pool: sessions of one engine take turns, they do not run at the same time. */
struct engine {
    struct model model;
    struct kernel_set kernels;
    struct pool *pool;
    /* Opened when it is first asked for: its tables take longer to build than everything else, and a benchmark on
     * token ids needs none. */
    pthread_mutex_t tokenizer_lock;
    struct tokenizer *tokenizer;
    struct error tokenizer_error;
    struct engine_choice *choices;
    size_t choice_count;
    uint64_t private_bytes;
    struct arena arena; /* names of choices */
};

/* NULL: the file has no tokenizer that Prony reads, and error (may be NULL) says why. Any thread may call it. */
const struct tokenizer *native_tokenizer(struct engine *engine, struct error *error);

#endif
