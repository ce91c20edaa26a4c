/* synth_plan.h: which tensors a shape has, how their values are distributed, and in which format each is written. */
#ifndef PRONY_NATIVE_SYNTH_PLAN_H
#define PRONY_NATIVE_SYNTH_PLAN_H

#include "engines/native/synth_shape.h"
#include "harness/base/arena.h"
#include "kernels/formats.h"

/* A file's format as people call it: one format for all matrices, or a mix of several. */
struct synth_mix {
    const char *name;          /* "q8_0", "q4_K_M" */
    enum tensor_format format; /* of most matrices */
    bool more_bits;            /* attn_v and ffn_down of some layers in q6_K (the _M mixes) */
    uint32_t file_type;        /* general.file_type */
};

extern const struct synth_mix synth_mixes[];
extern const size_t synth_mix_count;
/* NULL if there is none. */
const struct synth_mix *synth_mix_find(const char *name);

enum synth_role {
    ROLE_EMBEDDING,
    ROLE_OUTPUT,
    ROLE_MATRIX, /* every other matrix that mixes treat alike */
    ROLE_ATTENTION_V,
    ROLE_FFN_DOWN,
    ROLE_VECTOR,     /* norms, biases */
    ROLE_ROPE_FACTOR /* not random: llama3 frequency factors */
};

/* Values are mean + deviation z with z normal. */
struct synth_tensor {
    const char *name;
    enum synth_role role;
    enum tensor_format format;
    size_t layer;
    size_t rows, cols; /* rows 0 = a vector of cols values */
    float mean, deviation;
    bool signs;       /* each value's sign is random */
    size_t used_rows; /* rows from here on are small: tokens that no text contains; 0 = all rows are alike */
};

struct synth_plan {
    const struct synth_shape *shape;
    struct synth_tensor *tensors; /* in file order */
    size_t tensor_count;
    struct arena arena;
};

/* shape must outlive the plan. used_tokens: how many of the vocabulary are not padding. */
void synth_plan_create(struct synth_plan *plan, const struct synth_shape *shape, const struct synth_mix *mix,
                       size_t used_tokens);
void synth_plan_release(struct synth_plan *plan);

#endif
