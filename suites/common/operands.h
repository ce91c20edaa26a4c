/* operands.h: inputs and outputs for one call of any kernel row at a given shape, reproducible, and the comparison of
 * its result with the scalar row's.
 *
 * What a real model streams from memory (weights, KV cache) exists in several copies that calls take in turn, so that
 * together they do not fit the caches; activations stay hot, as they do in a model. */
#ifndef PRONY_SUITES_OPERANDS_H
#define PRONY_SUITES_OPERANDS_H

#include "harness/base/arena.h"
#include "kernels/kernel.h"

/* Memory for the copies, kept from case to case. Zero bytes = empty. */
struct operands_stream {
    unsigned char *data;
    size_t size_bytes;
};
void operands_stream_release(struct operands_stream *stream);

struct operands {
    const struct kernel_row *row, *reference; /* reference may be the row itself */
    struct kernel_shape shape;
    unsigned char *copies; /* weights, or keys followed by values; owned by the stream */
    size_t copy_bytes, copy_count;
    size_t w_row_bytes;
    float *x, *x2;                  /* inputs */
    void *act, *reference_act;      /* x as the row and as the reference want it */
    float *y, *expected;            /* results, value by value */
    size_t y_count, expected_count; /* expected may cover a part only: see operands_check */
    void *scratch, *reference_scratch;
    struct arena arena; /* owns all of the above but the copies */
};

/* Builds everything for a shape. stream_bytes: how much all copies together should have at least; 0 = one copy. */
int operands_prepare(struct operands *operands, const struct kernel_row *row, const struct kernel_shape *shape,
                     struct operands_stream *stream, size_t stream_bytes, struct error *error);
void operands_release(struct operands *operands);

/* Runs the row once on one of the copies. */
typedef void operands_call(const struct operands *operands, size_t copy);
operands_call *operands_call_of(enum kernel_op op);
/* Copies matter for this operation: it reads weights or a KV cache. */
bool operands_are_streamed(enum kernel_op op);

/* Runs the row and its reference. Of a matmul only three slices of 16 weight rows are compared, for all activation
 * rows. rms: rms error over rms of the reference (what row.tolerance limits); max: largest error over the same. */
struct operands_error {
    double rms, max;
};
struct operands_error operands_check(struct operands *operands);

/* The scalar row of the same operation, format and (for act) output; NULL if there is none. */
const struct kernel_row *operands_reference(const struct kernel_row *row);

#endif
