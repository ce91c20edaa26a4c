/* scalar.h: what the plain C matmul rows share.
 *
 * A weight row is unpacked once, group by group, and met by all activation rows; integer products are exact and the
 * sums are kept in f64 (in scratch, one a token), so that the error of these rows does not show next to the vector
 * rows that are tested against them. */
#ifndef PRONY_KERNELS_MATMUL_SCALAR_H
#define PRONY_KERNELS_MATMUL_SCALAR_H

#include "kernels/dequantize/unpack.h"
#include "kernels/kernel.h"
#include <string.h>

/* 32 weights: v = scale q + min, with a scale and a minimum for each half. */
struct scalar_group {
    int8_t q[32];
    double scale[2], min[2];
};

/* Unpacks groups of one block (format_table[].block_values / 32 of them). */
typedef void scalar_unpack(struct scalar_group *groups, const void *block);

static inline void scalar_group_set(struct scalar_group *group, double scale, double min)
{
    group->scale[0] = group->scale[1] = scale;
    group->min[0] = group->min[1] = min;
}

static inline double scalar_group_dot(const struct scalar_group *group, const int8_t *x, const int32_t *x_sums)
{
    double sum = 0;
    for (int half = 0; half < 2; half++) {
        int dot = 0;
        for (int i = 16 * half; i < 16 * half + 16; i++)
            dot += group->q[i] * x[i];
        sum += group->scale[half] * dot + group->min[half] * x_sums[half];
    }
    return sum;
}

static inline void scalar_matmul_q(const struct matmul_arguments *a, enum tensor_format format, scalar_unpack *unpack)
{
    double *sums = a->scratch;
    size_t groups_a_block = format_table[format].block_values / 32, groups = a->cols / 32;
    for (size_t row = 0; row < a->rows; row++) {
        const char *block = (const char *)a->w + row * a->w_row_bytes;
        memset(sums, 0, a->count * sizeof *sums);
        for (size_t first = 0; first < groups; first += groups_a_block, block += format_table[format].block_bytes) {
            struct scalar_group group[8];
            unpack(group, block);
            for (size_t i = 0; i < a->count; i++) {
                const char *x = (const char *)a->act + i * a->act_row_bytes;
                const float *x_scales = act_q8_scales(x, a->cols);
                const int32_t *x_sums = act_q8_sums(x, a->cols);
                for (size_t g = 0; g < groups_a_block; g++)
                    sums[i] +=
                        (double)x_scales[first + g] *
                        scalar_group_dot(&group[g], (const int8_t *)x + (first + g) * 32, x_sums + (first + g) * 2);
            }
        }
        for (size_t i = 0; i < a->count; i++)
            a->y[i * a->y_stride + row] = (float)sums[i];
    }
}

/* value: one weight of a row as f32. */
static inline void scalar_matmul_f(const struct matmul_arguments *a, float (*value)(const void *row, size_t i))
{
    for (size_t row = 0; row < a->rows; row++) {
        const char *w = (const char *)a->w + row * a->w_row_bytes;
        for (size_t i = 0; i < a->count; i++) {
            const float *x = (const void *)((const char *)a->act + i * a->act_row_bytes);
            double sum = 0;
            for (size_t k = 0; k < a->cols; k++)
                sum += (double)value(w, k) * x[k];
            a->y[i * a->y_stride + row] = (float)sum;
        }
    }
}

#endif
