/* kernel_support.h: what the kernel tests share: random inputs of every format, buffers that end at a guard page, and
 * the comparison with the scalar row. */
#ifndef PRONY_TESTS_KERNEL_SUPPORT_H
#define PRONY_TESTS_KERNEL_SUPPORT_H

#include "harness/base/rng.h"
#include "kernels/kernel.h"

/* Memory whose last byte is the last of its page, with an inaccessible page behind: kernels read mapped files, where
 * one byte too far can be the end of the mapping. A size that is a multiple of 64 gives 64-byte alignment. Zeroed. */
struct guarded {
    void *data;
    void *base;
    size_t mapped_bytes;
};
struct guarded guarded_alloc(size_t size_bytes);
void guarded_release(struct guarded *guarded);

/* Normal variates, with a few large outliers as real activations have them. */
struct guarded random_floats(size_t count, uint64_t seed);
/* rows x cols weights with random bits, scales such that values lie around 1; every code of the format occurs. */
struct guarded random_weights(enum tensor_format format, size_t rows, size_t cols, uint64_t seed);

/* rms(got - want) / rms(want); infinite if something in got is not finite. */
double rms_error(const float *got, const float *want, size_t count);

/* This CPU has what the row needs. */
bool row_runs(const struct kernel_row *row);
/* The scalar row of the same operation and format (and of the same output format for act rows). */
const struct kernel_row *row_reference(const struct kernel_row *row);
/* rows of activations (cols floats each, densely packed) converted by the scalar act row; ACT_F32 is a copy. */
struct guarded convert_activations(enum act_format act, const float *x, size_t rows, size_t cols);

#endif
