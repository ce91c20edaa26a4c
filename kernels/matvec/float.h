/* float.h: y = W x for f32, f16 and bf16 weights and f32 activations, for any vector width (kernels/vector.h).
 *
 * Four weight rows share the loads of x; each keeps two vectors of partial sums, so that additions overlap and the
 * rounding error stays near that of one product. */
#ifndef PRONY_KERNELS_MATVEC_FLOAT_H
#define PRONY_KERNELS_MATVEC_FLOAT_H

#include "kernels/kernel.h"
#include "kernels/vector.h"

/* Rows a pass; how far ahead weights are fetched (see avx512vnni.h). */
enum { FLOAT_ROWS = 4, FLOAT_PREFETCH_BYTES = 16384 };

VECTOR_INLINE vector float_load(const char *row, enum tensor_format format, size_t at)
{
    const uint16_t *half = (const uint16_t *)(const void *)row + at;
    switch (format) {
    case FORMAT_F16: return vector_load_f16(half);
    case FORMAT_BF16: return vector_load_bf16(half);
    default: return vector_load((const float *)(const void *)row + at);
    }
}

VECTOR_INLINE vector float_load_first(const char *row, enum tensor_format format, size_t at, size_t n)
{
    const uint16_t *half = (const uint16_t *)(const void *)row + at;
    switch (format) {
    case FORMAT_F16: return vector_load_f16_first(half, n);
    case FORMAT_BF16: return vector_load_bf16_first(half, n);
    default: return vector_load_first((const float *)(const void *)row + at, n);
    }
}

/* rows: a constant at every call. */
VECTOR_INLINE void float_rows(float *y, const char *w, size_t w_row_bytes, const float *x, size_t rows, size_t cols,
                              enum tensor_format format)
{
    const size_t value_bytes = format == FORMAT_F32 ? 4 : 2;
    vector sums[FLOAT_ROWS][2];
#pragma GCC unroll 4
    for (size_t r = 0; r < rows; r++)
        sums[r][0] = sums[r][1] = vector_zero();
    size_t i = 0;
    for (; i + 2 * VECTOR_LANES <= cols; i += 2 * VECTOR_LANES) {
        vector x0 = vector_load(x + i), x1 = vector_load(x + i + VECTOR_LANES);
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++) {
            const char *row = w + r * w_row_bytes;
            _mm_prefetch(row + i * value_bytes + FLOAT_PREFETCH_BYTES, _MM_HINT_T1);
            if (2 * VECTOR_LANES * value_bytes > 64)
                _mm_prefetch(row + i * value_bytes + FLOAT_PREFETCH_BYTES + 64, _MM_HINT_T1);
            sums[r][0] = vector_fma(float_load(row, format, i), x0, sums[r][0]);
            sums[r][1] = vector_fma(float_load(row, format, i + VECTOR_LANES), x1, sums[r][1]);
        }
    }
    for (; i < cols; i += VECTOR_LANES) {
        size_t n = cols - i < VECTOR_LANES ? cols - i : VECTOR_LANES;
        vector x0 = vector_load_first(x + i, n);
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++)
            sums[r][0] = vector_fma(float_load_first(w + r * w_row_bytes, format, i, n), x0, sums[r][0]);
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < rows; r++)
        y[r] = vector_sum(vector_add(sums[r][0], sums[r][1]));
}

VECTOR_INLINE void float_matvec(float *y, const char *w, size_t w_row_bytes, const float *x, size_t rows, size_t cols,
                                enum tensor_format format)
{
    size_t r = 0;
    for (; r + FLOAT_ROWS <= rows; r += FLOAT_ROWS)
        float_rows(y + r, w + r * w_row_bytes, w_row_bytes, x, FLOAT_ROWS, cols, format);
    for (; r < rows; r++)
        float_rows(y + r, w + r * w_row_bytes, w_row_bytes, x, 1, cols, format);
}

#endif
