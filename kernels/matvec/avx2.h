/* avx2.h: what the AVX2 matvec rows of quantized weights share.
 *
 * vpmaddubsw multiplies unsigned by signed bytes and adds pairs to 16 bits: weights are the unsigned side (at most 63,
 * so 2 * 63 * 127 fits), x is the signed one; q8_0 moves the weights' signs to x. A format's constant offset comes off
 * as offset * x, in 16 bits, made once for all weight rows of a pass. */
#ifndef PRONY_KERNELS_MATVEC_AVX2_H
#define PRONY_KERNELS_MATVEC_AVX2_H

#include "kernels/kernel.h"
#include <immintrin.h>
#include <string.h>

#define AVX2_INLINE static inline __attribute__((always_inline))

/* Weight rows a pass; how far ahead weights are fetched (see avx512vnni.h). */
enum { AVX2_ROWS = 4, AVX2_PREFETCH_BYTES = 16384 };

AVX2_INLINE float avx2_sum(__m256 v)
{
    __m128 a = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    a = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
}

/* offset * x in the pairs of vpmaddubsw. */
AVX2_INLINE __m256i avx2_offset(int offset, __m256i x)
{
    return _mm256_maddubs_epi16(_mm256_set1_epi8((char)offset), x);
}

/* Sums of four products each of q . x - offset, as floats. */
AVX2_INLINE __m256 avx2_dot(__m256i q, __m256i x, __m256i offset)
{
    __m256i pairs = _mm256_sub_epi16(_mm256_maddubs_epi16(q, x), offset);
    return _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* 16 bytes of nibbles to 32 bytes: the low ones, then the high ones. */
AVX2_INLINE __m256i avx2_nibbles(const uint8_t *bytes)
{
    __m128i low = _mm_loadu_si128((const void *)bytes);
    __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(low), _mm_srli_epi16(low, 4), 1);
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

/* 16 in each of 32 bytes whose bit is set in the little-endian word at qh. */
AVX2_INLINE __m256i avx2_fifth_bits(const uint8_t *qh)
{
    int32_t word;
    memcpy(&word, qh, sizeof word);
    const __m256i byte = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((int64_t)0x8040201008040201);
    __m256i bits = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(word), byte), bit);
    return _mm256_and_si256(_mm256_cmpeq_epi8(bits, bit), _mm256_set1_epi8(16));
}

/* ---- formats with 32 values a block ---- */

struct avx2_x {
    __m256i q;
    __m256i offset;
    __m256 scale;   /* in all lanes */
    __m128 minimum; /* lane 1: scale * sum of x; other lanes 0 */
};

/* The half at d in all lanes, times the scale of x. */
AVX2_INLINE __m256 avx2_scale(const uint8_t *d, const struct avx2_x *x)
{
    int16_t half;
    memcpy(&half, d, sizeof half);
    return _mm256_mul_ps(_mm256_cvtph_ps(_mm_set1_epi16(half)), x->scale);
}

/* The same for formats that start with d and m: *sums += m * sum of x, and returns the scale. */
AVX2_INLINE __m256 avx2_scale_and_minimum(__m256 *sums, const uint8_t *d_and_m, const struct avx2_x *x)
{
    int32_t halves;
    memcpy(&halves, d_and_m, sizeof halves);
    __m128 d_m = _mm_cvtph_ps(_mm_cvtsi32_si128(halves));
    *sums = _mm256_add_ps(*sums, _mm256_zextps128_ps256(_mm_mul_ps(d_m, x->minimum)));
    return _mm256_mul_ps(_mm256_broadcastss_ps(d_m), x->scale);
}

typedef __m256 avx2_step_function(__m256 sums, const uint8_t *block, const struct avx2_x *x);

/* rows: a constant at every call. */
AVX2_INLINE void avx2_rows_32(float *y, const uint8_t *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols,
                              size_t block_bytes, int offset, avx2_step_function *step)
{
    const int8_t *q = act;
    const float *scale = act_q8_scales(act, cols);
    const int32_t *sum = act_q8_sums(act, cols);
    __m256 sums[AVX2_ROWS];
    for (size_t r = 0; r < rows; r++)
        sums[r] = _mm256_setzero_ps();
    for (size_t b = 0; b < cols / 32; b++) {
        struct avx2_x x;
        x.q = _mm256_loadu_si256((const void *)(q + 32 * b));
        x.offset = offset ? avx2_offset(offset, x.q) : _mm256_setzero_si256();
        x.scale = _mm256_broadcast_ss(scale + b);
        x.minimum = _mm_setr_ps(0, scale[b] * (float)(sum[2 * b] + sum[2 * b + 1]), 0, 0);
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++) {
            const uint8_t *block = w + r * w_row_bytes + b * block_bytes;
            _mm_prefetch((const void *)(block + AVX2_PREFETCH_BYTES), _MM_HINT_T1);
            sums[r] = step(sums[r], block, &x);
        }
    }
    for (size_t r = 0; r < rows; r++)
        y[r] = avx2_sum(sums[r]);
}

AVX2_INLINE void avx2_matvec_32(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols,
                                size_t block_bytes, int offset, avx2_step_function *step)
{
    const uint8_t *row = w;
    size_t r = 0;
    for (; r + AVX2_ROWS <= rows; r += AVX2_ROWS)
        avx2_rows_32(y + r, row + r * w_row_bytes, w_row_bytes, act, AVX2_ROWS, cols, block_bytes, offset, step);
    for (; r < rows; r++)
        avx2_rows_32(y + r, row + r * w_row_bytes, w_row_bytes, act, 1, cols, block_bytes, offset, step);
}

/* ---- formats with 256 values a block ---- */

struct avx2_x256 {
    const int8_t *q;
    const float *scale;
    __m256 minimum;    /* -scale * sum of each group of 32 */
    __m256i offset[8]; /* for each group of 32 */
};

typedef __m256 avx2_step256_function(__m256 sums, const uint8_t *block, const struct avx2_x256 *x);

AVX2_INLINE void avx2_rows_256(float *y, const uint8_t *w, size_t w_row_bytes, const void *act, size_t rows,
                               size_t cols, size_t block_bytes, int offset, avx2_step256_function *step)
{
    const int32_t *sum = act_q8_sums(act, cols);
    struct avx2_x256 x = { .q = act, .scale = act_q8_scales(act, cols) };
    __m256 sums[AVX2_ROWS];
    for (size_t r = 0; r < rows; r++)
        sums[r] = _mm256_setzero_ps();
    for (size_t b = 0; b < cols / 256; b++, x.q += 256, x.scale += 8, sum += 16) {
        __m256i low = _mm256_loadu_si256((const void *)sum), high = _mm256_loadu_si256((const void *)(sum + 8));
        __m256i group_sums = _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), 0xd8);
        __m256 negative = _mm256_sub_ps(_mm256_setzero_ps(), _mm256_cvtepi32_ps(group_sums));
        x.minimum = _mm256_mul_ps(_mm256_loadu_ps(x.scale), negative);
        for (int g = 0; g < 8; g++)
            x.offset[g] =
                offset ? avx2_offset(offset, _mm256_loadu_si256((const void *)(x.q + 32 * g))) : _mm256_setzero_si256();
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++) {
            const uint8_t *block = w + r * w_row_bytes + b * block_bytes;
#pragma GCC unroll 4
            for (size_t at = 0; at < block_bytes; at += 64)
                _mm_prefetch((const void *)(block + AVX2_PREFETCH_BYTES + at), _MM_HINT_T1);
            sums[r] = step(sums[r], block, &x);
        }
    }
    for (size_t r = 0; r < rows; r++)
        y[r] = avx2_sum(sums[r]);
}

AVX2_INLINE void avx2_matvec_256(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols,
                                 size_t block_bytes, int offset, avx2_step256_function *step)
{
    const uint8_t *row = w;
    size_t r = 0;
    for (; r + AVX2_ROWS <= rows; r += AVX2_ROWS)
        avx2_rows_256(y + r, row + r * w_row_bytes, w_row_bytes, act, AVX2_ROWS, cols, block_bytes, offset, step);
    for (; r < rows; r++)
        avx2_rows_256(y + r, row + r * w_row_bytes, w_row_bytes, act, 1, cols, block_bytes, offset, step);
}

/* The block's eight scales times d and the scales of x; *sums += the minima's part. block starts with d, dmin,
 * scales[12], as q4_K and q5_K do. */
AVX2_INLINE __m256 avx2_k_scales(__m256 *sums, const uint8_t *block, const struct avx2_x256 *x)
{
    uint32_t words[3];
    memcpy(words, block + 4, sizeof words);
    uint64_t scales = (words[0] & 0x3f3f3f3f) | (uint64_t)((words[2] & 0x0f0f0f0f) | ((words[0] >> 2) & 0x30303030))
                                                    << 32;
    uint64_t minima =
        (words[1] & 0x3f3f3f3f) | (uint64_t)(((words[2] >> 4) & 0x0f0f0f0f) | ((words[1] >> 2) & 0x30303030)) << 32;
    int32_t halves;
    memcpy(&halves, block, sizeof halves);
    __m128 d = _mm_cvtph_ps(_mm_cvtsi32_si128(halves));
    __m256 sc = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)scales)));
    __m256 mn = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)minima)));
    mn = _mm256_mul_ps(mn, _mm256_broadcastss_ps(_mm_movehdup_ps(d)));
    *sums = _mm256_fmadd_ps(mn, x->minimum, *sums);
    return _mm256_mul_ps(_mm256_mul_ps(sc, _mm256_broadcastss_ps(d)), _mm256_loadu_ps(x->scale));
}

/* sums += scales[group] * (q . x of that group) */
AVX2_INLINE __m256 avx2_k_add(__m256 sums, __m256i q, int group, __m256 scales, const struct avx2_x256 *x)
{
    __m256i xq = _mm256_loadu_si256((const void *)(x->q + 32 * group));
    __m256 scale = _mm256_permutevar8x32_ps(scales, _mm256_set1_epi32(group));
    return _mm256_fmadd_ps(avx2_dot(q, xq, _mm256_setzero_si256()), scale, sums);
}

#endif
