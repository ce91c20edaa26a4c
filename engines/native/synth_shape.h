/* synth_shape.h: the published model shapes that synth can write. */
#ifndef PRONY_NATIVE_SYNTH_SHAPE_H
#define PRONY_NATIVE_SYNTH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

struct synth_shape {
    const char *name;         /* as in --shape and in file names */
    const char *architecture; /* general.architecture */
    const char *pre;          /* tokenizer.ggml.pre of the trained vocabulary that goes with it */
    size_t layers, width, ff_width, heads, kv_heads, head_size, vocab_size, context;
    float rope_base, epsilon;
    bool tied;               /* the output matrix is token_embd */
    bool biases;             /* q, k, v have biases (qwen2) */
    bool head_norms;         /* q and k are normalized per head (qwen3) */
    float rope_factor;       /* llama3 frequency scaling, 0 = none */
    size_t rope_old_context; /* the context length it was trained on before scaling */
};

extern const struct synth_shape synth_shapes[];
extern const size_t synth_shape_count;

/* NULL if there is none. */
const struct synth_shape *synth_shape_find(const char *name);

#endif
