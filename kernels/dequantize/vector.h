/* vector.h: every format to f32 for any vector width (kernels/vector.h).
 *
 * unpack.h brings the packed bits to bytes (the compiler vectorizes its loops), then bytes become scaled floats. The
 * results are those of the scalar rows but for one rounding fewer where a minimum is added. */
#ifndef PRONY_KERNELS_DEQUANTIZE_VECTOR_H
#define PRONY_KERNELS_DEQUANTIZE_VECTOR_H

#include "kernels/dequantize/unpack.h"
#include "kernels/vector.h"

VECTOR_INLINE float vector_half(uint16_t half)
{
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}

/* y = scale q + shift; count is a multiple of VECTOR_LANES. */
VECTOR_INLINE void vector_scale_bytes(float *y, const int8_t *q, size_t count, float scale, float shift)
{
#pragma GCC unroll 4
    for (size_t i = 0; i < count; i += VECTOR_LANES)
        vector_store(y + i, vector_fma(vector_load_i8(q + i), vector_set(scale), vector_set(shift)));
}

VECTOR_INLINE void dequantize_16_bits(float *y, const uint16_t *x, size_t cols, enum tensor_format format)
{
    size_t i = 0;
    for (; i + VECTOR_LANES <= cols; i += VECTOR_LANES)
        vector_store(y + i, format == FORMAT_F16 ? vector_load_f16(x + i) : vector_load_bf16(x + i));
    if (i < cols) {
        size_t n = cols - i;
        vector last = format == FORMAT_F16 ? vector_load_f16_first(x + i, n) : vector_load_bf16_first(x + i, n);
        vector_store_first(y + i, last, n);
    }
}

VECTOR_INLINE void dequantize_f16(float *y, const void *w, size_t cols)
{
    dequantize_16_bits(y, w, cols, FORMAT_F16);
}

VECTOR_INLINE void dequantize_bf16(float *y, const void *w, size_t cols)
{
    dequantize_16_bits(y, w, cols, FORMAT_BF16);
}

VECTOR_INLINE void dequantize_q8_0(float *y, const void *w, size_t cols)
{
    const struct block_q8_0 *block = w;
    for (size_t b = 0; b < cols / 32; b++)
        vector_scale_bytes(y + 32 * b, block[b].q, 32, vector_half(block[b].d), 0);
}

VECTOR_INLINE void dequantize_q4_0(float *y, const void *w, size_t cols)
{
    const struct block_q4_0 *block = w;
    for (size_t b = 0; b < cols / 32; b++) {
        int8_t q[32];
        unpack_nibbles(q, block[b].q, 8);
        vector_scale_bytes(y + 32 * b, q, 32, vector_half(block[b].d), 0);
    }
}

VECTOR_INLINE void dequantize_q4_1(float *y, const void *w, size_t cols)
{
    const struct block_q4_1 *block = w;
    for (size_t b = 0; b < cols / 32; b++) {
        int8_t q[32];
        unpack_nibbles(q, block[b].q, 0);
        vector_scale_bytes(y + 32 * b, q, 32, vector_half(block[b].d), vector_half(block[b].m));
    }
}

VECTOR_INLINE void dequantize_q5_0(float *y, const void *w, size_t cols)
{
    const struct block_q5_0 *block = w;
    for (size_t b = 0; b < cols / 32; b++) {
        int8_t q[32];
        unpack_nibbles_bit4(q, block[b].q, block[b].qh, 16);
        vector_scale_bytes(y + 32 * b, q, 32, vector_half(block[b].d), 0);
    }
}

VECTOR_INLINE void dequantize_q5_1(float *y, const void *w, size_t cols)
{
    const struct block_q5_1 *block = w;
    for (size_t b = 0; b < cols / 32; b++) {
        int8_t q[32];
        unpack_nibbles_bit4(q, block[b].q, block[b].qh, 0);
        vector_scale_bytes(y + 32 * b, q, 32, vector_half(block[b].d), vector_half(block[b].m));
    }
}

/* The part that q4_K and q5_K share. */
VECTOR_INLINE void dequantize_k_groups(float *y, const int8_t q[256], const uint8_t scales[12], float d, float dmin)
{
    for (int group = 0; group < 8; group++) {
        int sc, mn;
        k_scale_min(scales, group, &sc, &mn);
        vector_scale_bytes(y + 32 * group, q + 32 * group, 32, d * (float)sc, -dmin * (float)mn);
    }
}

VECTOR_INLINE void dequantize_q4_K(float *y, const void *w, size_t cols)
{
    const struct block_q4_K *block = w;
    for (size_t b = 0; b < cols / 256; b++) {
        int8_t q[256];
        unpack_q4_K(q, &block[b]);
        dequantize_k_groups(y + 256 * b, q, block[b].scales, vector_half(block[b].d), vector_half(block[b].dmin));
    }
}

VECTOR_INLINE void dequantize_q5_K(float *y, const void *w, size_t cols)
{
    const struct block_q5_K *block = w;
    for (size_t b = 0; b < cols / 256; b++) {
        int8_t q[256];
        unpack_q5_K(q, &block[b]);
        dequantize_k_groups(y + 256 * b, q, block[b].scales, vector_half(block[b].d), vector_half(block[b].dmin));
    }
}

VECTOR_INLINE void dequantize_q6_K(float *y, const void *w, size_t cols)
{
    const struct block_q6_K *block = w;
    for (size_t b = 0; b < cols / 256; b++) {
        float d = vector_half(block[b].d);
        int8_t q[256];
        unpack_q6_K(q, &block[b]);
        for (int group = 0; group < 16; group++)
            vector_scale_bytes(y + 256 * b + 16 * group, q + 16 * group, 16, d * (float)block[b].scales[group], 0);
    }
}

#endif
