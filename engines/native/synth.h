/* synth.h: GGUF models of published shapes with seeded random weights.
 *
 * For benchmarks and tests that must not download anything: such a model costs what the real one costs, down to the
 * mix of formats, and says nothing sensible. The same options give the same bytes on any machine and with any number of
 * threads. Memory stays below 100 MB plus the vocabulary, whatever the model. */
#ifndef PRONY_NATIVE_SYNTH_H
#define PRONY_NATIVE_SYNTH_H

#include "harness/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct synth_options {
    const char *shape;      /* a name of synth_shapes */
    const char *format;     /* a name of synth_mixes */
    const char *path;       /* output; replaced when complete, untouched by a failure */
    const char *vocab_from; /* GGUF file whose tokenizer is copied, or NULL */
    const char *vocab_text; /* file to train a tokenizer on when vocab_from is NULL; NULL = the built-in text */
    uint64_t seed;
    int threads;
    size_t vocab_size; /* 0 = the shape's, raised to what vocab_from has */
    size_t layers;     /* 0 = the shape's */
    /* Called now and then from the calling thread; false stops the work (ERROR_STATE). May be NULL. */
    bool (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void *progress_context;
};

struct synth_result {
    uint64_t file_bytes, parameters;
    size_t vocab_size;
};

/* result may be NULL. */
int synth_write(const struct synth_options *options, struct synth_result *result, struct error *error);

#endif
