/* avx512vnni.h: what the AVX-512 VNNI matvec rows share: loops over rows and blocks, operands made from x, reductions.
 *
 * vpdpbusd multiplies unsigned by signed bytes: weights are the unsigned side, as the formats store them (q8_0: + 128),
 * x is the signed one. A format's constant offset comes off by starting the integer sums at -offset * x instead of 0;
 * these starting values, like everything else that depends on x only, are made once for VNNI_ROWS weight rows. */
#ifndef PRONY_KERNELS_MATVEC_AVX512VNNI_H
#define PRONY_KERNELS_MATVEC_AVX512VNNI_H

#include "kernels/kernel.h"
#include <immintrin.h>
#include <string.h>

#define VNNI_INLINE static inline __attribute__((always_inline))

enum { VNNI_ROWS = 4, VNNI_STEP_BLOCKS = 4 };

/* How far ahead weights are fetched into L2, in bytes. The hardware's prefetchers stop at 4 KiB pages and lose track of
 * several rows at once. Short rows, of which a pass stays within a page or so, are asked for in the order of addresses
 * (they lie one behind the other), long ones row by row. Measured on weights in memory, where plain reading reached
 * 12.5 GB/s: rows of 504 bytes 6 GB/s without, 9.5 row by row, 11 in order; rows of 5 KB 11.5 row by row into L1 8 KiB
 * ahead, 13.5 into L2 16 KiB ahead. */
enum { VNNI_PREFETCH_BYTES = 16384, VNNI_SHORT_PASS_BYTES = 3072 };

/* w: the pass's first row; done: bytes of each row that are behind; step_bytes: of each row that come next. in_order is
 * a constant at every call: a test in the loop made it slower than no order at all. */
VNNI_INLINE void vnni_prefetch(const uint8_t *w, size_t w_row_bytes, size_t rows, size_t done, size_t step_bytes,
                               bool in_order)
{
    if (in_order) {
        const uint8_t *next = w + rows * done + VNNI_PREFETCH_BYTES;
#pragma GCC unroll 16
        for (size_t at = 0; at < rows * step_bytes; at += 64)
            _mm_prefetch((const void *)(next + at), _MM_HINT_T1);
    } else {
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++) {
            const uint8_t *next = w + r * w_row_bytes + done + VNNI_PREFETCH_BYTES;
#pragma GCC unroll 4
            for (size_t at = 0; at < step_bytes; at += 64)
                _mm_prefetch((const void *)(next + at), _MM_HINT_T1);
        }
    }
}

/* y[r] = sum of the 16 lanes of sums[r], r < 4. */
VNNI_INLINE void vnni_store_sums(float *y, const __m512 sums[VNNI_ROWS], size_t rows)
{
    __m512 a = _mm512_add_ps(_mm512_unpacklo_ps(sums[0], sums[1]), _mm512_unpackhi_ps(sums[0], sums[1]));
    __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(sums[2], sums[3]), _mm512_unpackhi_ps(sums[2], sums[3]));
    __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b));
    __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b));
    __m512 c = _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
    __m256 d = _mm256_add_ps(_mm512_castps512_ps256(c), _mm512_extractf32x8_ps(c, 1));
    __m128 e = _mm_add_ps(_mm256_castps256_ps128(d), _mm256_extractf128_ps(d, 1));
    _mm_mask_storeu_ps(y, (__mmask8)((1u << rows) - 1), e);
}

/* Starting value of the sums of q . x for weights stored with +offset. */
VNNI_INLINE __m512i vnni_start(int offset, __m512i x, __m512i start)
{
    __m512i products = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8((char)offset), x);
    return _mm512_sub_epi32(start, products);
}

/* The same lane number four times: what belongs to block b goes to the 4 lanes of block b. */
VNNI_INLINE __m512i vnni_repeat4(void)
{
    return _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
}

/* ---- formats with 32 values a block: 4 blocks a step ---- */

/* 4 blocks of x. Integer lanes 4 b .. 4 b + 3 belong to block b in "halves" order: q[0] holds the first 16 values of
 * each block, q[1] the last 16; in "plain" order q[0] holds blocks 0 and 1, q[1] blocks 2 and 3. */
struct vnni_x {
    __m512i q[2];
    __m512i start[2]; /* halves order uses start[0] only */
    __m512 scale;     /* halves: block b's scale in its 4 lanes; plain: the 4 scales in lanes 0..3 */
    __m512 sum;       /* halves: scale * sum of block b in lane 4 + b, other lanes zero */
};

typedef struct vnni_x vnni_prepare_function(const int8_t *q, const float *scale, const int32_t *sum, size_t blocks);
/* sums += the products of 4 weight blocks with x. */
typedef __m512 vnni_step_function(__m512 sums, const uint8_t *blocks, const struct vnni_x *x);

VNNI_INLINE __m512i vnni_load_bytes(const int8_t *q, size_t count)
{
    return _mm512_maskz_loadu_epi8(count >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1, q);
}

VNNI_INLINE struct vnni_x vnni_prepare_plain(const int8_t *q, const float *scale, size_t blocks, int offset)
{
    struct vnni_x x;
    x.q[0] = vnni_load_bytes(q, 32 * blocks);
    x.q[1] = vnni_load_bytes(q + 64, blocks > 2 ? 32 * (blocks - 2) : 0);
    for (int i = 0; i < 2; i++)
        x.start[i] = vnni_start(offset, x.q[i], _mm512_setzero_si512());
    x.scale = _mm512_castps128_ps512(_mm_maskz_loadu_ps((__mmask8)((1u << blocks) - 1), scale));
    x.sum = _mm512_setzero_ps();
    return x;
}

VNNI_INLINE struct vnni_x vnni_prepare_halves(const int8_t *q, const float *scale, const int32_t *sum, size_t blocks,
                                              int offset)
{
    struct vnni_x plain = vnni_prepare_plain(q, scale, blocks, 0), x;
    x.q[0] = _mm512_shuffle_i64x2(plain.q[0], plain.q[1], 0x88);
    x.q[1] = _mm512_shuffle_i64x2(plain.q[0], plain.q[1], 0xdd);
    x.start[0] = _mm512_setzero_si512();
    if (offset != 0)
        x.start[0] = vnni_start(offset, x.q[1], vnni_start(offset, x.q[0], x.start[0]));
    x.start[1] = x.start[0];
    x.scale = _mm512_permutexvar_ps(vnni_repeat4(), plain.scale);
    __m256i pairs = _mm256_maskz_loadu_epi32((__mmask8)((1u << (2 * blocks)) - 1), sum);
    __m128i sums = _mm_hadd_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    __m128 scaled = _mm_mul_ps(_mm_cvtepi32_ps(sums), _mm512_castps512_ps128(plain.scale));
    x.sum = _mm512_maskz_insertf32x4(0x00f0, _mm512_setzero_ps(), scaled, 1);
    return x;
}

/* The 16 nibble bytes of 4 blocks, block b in 128-bit lane b. */
VNNI_INLINE __m512i vnni_load_nibbles(const uint8_t *blocks, size_t block_bytes, size_t at)
{
    __m512i bytes = _mm512_castsi128_si512(_mm_loadu_si128((const void *)(blocks + at)));
    bytes = _mm512_inserti32x4(bytes, _mm_loadu_si128((const void *)(blocks + at + block_bytes)), 1);
    bytes = _mm512_inserti32x4(bytes, _mm_loadu_si128((const void *)(blocks + at + 2 * block_bytes)), 2);
    return _mm512_inserti32x4(bytes, _mm_loadu_si128((const void *)(blocks + at + 3 * block_bytes)), 3);
}

VNNI_INLINE __m512i vnni_low_nibbles(__m512i bytes)
{
    return _mm512_and_si512(bytes, _mm512_set1_epi8(15));
}

VNNI_INLINE __m512i vnni_high_nibbles(__m512i bytes)
{
    return _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(15));
}

/* Index bytes for vpermb: the word at this byte offset, once and four times. */
#define VNNI_WORD(offset)  (int16_t)((offset) | ((offset) + 1) << 8)
#define VNNI_WORD4(offset) VNNI_WORD(offset), VNNI_WORD(offset), VNNI_WORD(offset), VNNI_WORD(offset)
#define VNNI_BYTE8(index)  ((index)*0x0101010101010101)

/* Adds 16 where the fifth bit is set. heads: bytes 32 .. 47 hold the four 32-bit words qh; half 0: bits 0..15 belong to
 * the bytes of a block's lane, half 1: bits 16..31. */
VNNI_INLINE __m512i vnni_add_fifth_bits(__m512i q, __m512i heads, int half)
{
    const __m512i first_byte = _mm512_setr_epi64(VNNI_BYTE8(32), VNNI_BYTE8(33), VNNI_BYTE8(36), VNNI_BYTE8(37),
                                                 VNNI_BYTE8(40), VNNI_BYTE8(41), VNNI_BYTE8(44), VNNI_BYTE8(45));
    __m512i byte = _mm512_add_epi8(first_byte, _mm512_set1_epi8((char)(2 * half)));
    const __m512i bit = _mm512_set1_epi64((int64_t)0x8040201008040201);
    __mmask64 set = _mm512_test_epi8_mask(_mm512_permutexvar_epi8(byte, heads), bit);
    return _mm512_mask_add_epi8(q, set, q, _mm512_set1_epi8(16));
}

/* heads: bytes 0..15 hold d and then m of the 4 blocks (halves). *sums += the minima; returns the scales. */
VNNI_INLINE __m512 vnni_scales_and_minima(__m512 *sums, __m512i heads, const struct vnni_x *x)
{
    __m512 d_and_m = _mm512_zextps256_ps512(_mm256_cvtph_ps(_mm512_castsi512_si128(heads)));
    *sums = _mm512_fmadd_ps(d_and_m, x->sum, *sums);
    return _mm512_mul_ps(_mm512_permutexvar_ps(vnni_repeat4(), d_and_m), x->scale);
}

/* rows <= VNNI_ROWS weight rows; a constant at every call, so that the sums stay in registers. */
VNNI_INLINE void vnni_rows_32(float *y, const uint8_t *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols,
                              size_t block_bytes, bool in_order, vnni_prepare_function *prepare,
                              vnni_step_function *step)
{
    const int8_t *q = act;
    const float *scale = act_q8_scales(act, cols);
    const int32_t *sum = act_q8_sums(act, cols);
    __m512 sums[VNNI_ROWS];
    for (size_t r = 0; r < VNNI_ROWS; r++)
        sums[r] = _mm512_setzero_ps();
    size_t blocks = cols / 32, b = 0;
    for (; b + VNNI_STEP_BLOCKS <= blocks; b += VNNI_STEP_BLOCKS) {
        struct vnni_x x = prepare(q + 32 * b, scale + b, sum + 2 * b, VNNI_STEP_BLOCKS);
        vnni_prefetch(w, w_row_bytes, rows, b * block_bytes, VNNI_STEP_BLOCKS * block_bytes, in_order);
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++)
            sums[r] = step(sums[r], w + r * w_row_bytes + b * block_bytes, &x);
    }
    if (b < blocks) {
        /* Blocks of zeros (scale 0) fill the step up, so that nothing beyond the row is read. */
        uint8_t tail[VNNI_STEP_BLOCKS * sizeof(struct block_q8_0)] = { 0 };
        struct vnni_x x = prepare(q + 32 * b, scale + b, sum + 2 * b, blocks - b);
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++) {
            memcpy(tail, w + r * w_row_bytes + b * block_bytes, (blocks - b) * block_bytes);
            sums[r] = step(sums[r], tail, &x);
        }
    }
    vnni_store_sums(y, sums, rows);
}

VNNI_INLINE void vnni_matvec_32(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols,
                                size_t block_bytes, vnni_prepare_function *prepare, vnni_step_function *step)
{
    const uint8_t *row = w;
    size_t r = 0, stride = w_row_bytes;
    if (VNNI_ROWS * stride <= VNNI_SHORT_PASS_BYTES) {
        for (; r + VNNI_ROWS <= rows; r += VNNI_ROWS)
            vnni_rows_32(y + r, row + r * stride, stride, act, VNNI_ROWS, cols, block_bytes, true, prepare, step);
    } else {
        for (; r + VNNI_ROWS <= rows; r += VNNI_ROWS)
            vnni_rows_32(y + r, row + r * stride, stride, act, VNNI_ROWS, cols, block_bytes, false, prepare, step);
    }
    for (; r < rows; r++)
        vnni_rows_32(y + r, row + r * stride, stride, act, 1, cols, block_bytes, false, prepare, step);
}

/* ---- formats with 256 values a block ---- */

struct vnni_x256 {
    __m512i q[4];
    __m512i start[4];
    __m512 scale; /* what the format's 16 group scales are multiplied with */
};

typedef struct vnni_x256 vnni_prepare256_function(const int8_t *q, const float *scale, const int32_t *sum);
typedef __m512 vnni_step256_function(__m512 sums, const uint8_t *block, const struct vnni_x256 *x);

VNNI_INLINE void vnni_rows_256(float *y, const uint8_t *w, size_t w_row_bytes, const void *act, size_t rows,
                               size_t cols, size_t block_bytes, vnni_prepare256_function *prepare,
                               vnni_step256_function *step)
{
    const int8_t *q = act;
    const float *scale = act_q8_scales(act, cols);
    const int32_t *sum = act_q8_sums(act, cols);
    __m512 sums[VNNI_ROWS];
    for (size_t r = 0; r < VNNI_ROWS; r++)
        sums[r] = _mm512_setzero_ps();
    for (size_t b = 0; b < cols / 256; b++, q += 256, scale += 8, sum += 16) {
        struct vnni_x256 x = prepare(q, scale, sum);
        vnni_prefetch(w, w_row_bytes, rows, b * block_bytes, block_bytes, false);
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++)
            sums[r] = step(sums[r], w + r * w_row_bytes + b * block_bytes, &x);
    }
    vnni_store_sums(y, sums, rows);
}

VNNI_INLINE void vnni_matvec_256(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols,
                                 size_t block_bytes, vnni_prepare256_function *prepare, vnni_step256_function *step)
{
    const uint8_t *row = w;
    size_t r = 0;
    for (; r + VNNI_ROWS <= rows; r += VNNI_ROWS)
        vnni_rows_256(y + r, row + r * w_row_bytes, w_row_bytes, act, VNNI_ROWS, cols, block_bytes, prepare, step);
    for (; r < rows; r++)
        vnni_rows_256(y + r, row + r * w_row_bytes, w_row_bytes, act, 1, cols, block_bytes, prepare, step);
}

/* x for q4_K and q5_K. Each run of 32 stored bytes holds an even group in its low nibbles and the next, odd group in
 * its high ones. q[0], q[1]: first and last 16 values of the even groups 0 2 4 6, one group a 128-bit lane; q[2], q[3]:
 * of the odd groups. scale: the 8 scales of x, then -scale * sum of each group, which the minima meet. */
VNNI_INLINE struct vnni_x256 vnni_prepare_k(const int8_t *q, const float *scale, const int32_t *sum)
{
    struct vnni_x256 x;
    __m512i a = _mm512_loadu_si512(q), b = _mm512_loadu_si512(q + 64), c = _mm512_loadu_si512(q + 128),
            d = _mm512_loadu_si512(q + 192);
    __m512i even_low = _mm512_shuffle_i64x2(a, b, 0x44), even_high = _mm512_shuffle_i64x2(c, d, 0x44);
    __m512i odd_low = _mm512_shuffle_i64x2(a, b, 0xee), odd_high = _mm512_shuffle_i64x2(c, d, 0xee);
    x.q[0] = _mm512_shuffle_i64x2(even_low, even_high, 0x88);
    x.q[1] = _mm512_shuffle_i64x2(even_low, even_high, 0xdd);
    x.q[2] = _mm512_shuffle_i64x2(odd_low, odd_high, 0x88);
    x.q[3] = _mm512_shuffle_i64x2(odd_low, odd_high, 0xdd);
    for (int i = 0; i < 4; i++)
        x.start[i] = _mm512_setzero_si512();
    __m512i pairs = _mm512_loadu_si512(sum);
    __m256i sums = _mm512_cvtepi64_epi32(_mm512_add_epi64(pairs, _mm512_srli_epi64(pairs, 32)));
    __m256 scales = _mm256_loadu_ps(scale);
    __m256 negative = _mm256_xor_ps(_mm256_mul_ps(scales, _mm256_cvtepi32_ps(sums)), _mm256_set1_ps(-0.0f));
    x.scale = _mm512_insertf32x8(_mm512_castps256_ps512(scales), negative, 1);
    return x;
}

/* The block's eight scales and eight minima times what x.scale holds: lanes 0..7 scale the groups' integer sums,
 * lanes 8..15 are finished contributions of the minima. block starts with d, dmin, scales[12], as q4_K and q5_K do. */
VNNI_INLINE __m512 vnni_k_scales(const uint8_t *block, __m512 x_scale)
{
    uint32_t words[3];
    memcpy(words, block + 4, sizeof words);
    uint64_t scales = (words[0] & 0x3f3f3f3f) | (uint64_t)((words[2] & 0x0f0f0f0f) | ((words[0] >> 2) & 0x30303030))
                                                    << 32;
    uint64_t minima =
        (words[1] & 0x3f3f3f3f) | (uint64_t)(((words[2] >> 4) & 0x0f0f0f0f) | ((words[1] >> 2) & 0x30303030)) << 32;
    __m512 integers = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_set_epi64x((int64_t)minima, (int64_t)scales)));
    int32_t halves;
    memcpy(&halves, block, sizeof halves);
    const __m256i d_then_dmin = _mm256_setr_m128i(_mm_set1_epi16(0x0100), _mm_set1_epi16(0x0302));
    __m512 d = _mm512_cvtph_ps(_mm256_shuffle_epi8(_mm256_set1_epi32(halves), d_then_dmin));
    return _mm512_mul_ps(_mm512_mul_ps(integers, d), x_scale);
}

/* sums += integer sums of the even and odd groups, scaled, and the minima. */
VNNI_INLINE __m512 vnni_k_add(__m512 sums, __m512i even, __m512i odd, __m512 scales)
{
    const __m512i even4 = _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
    const __m512i odd4 = _mm512_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3, 5, 5, 5, 5, 7, 7, 7, 7);
    sums = _mm512_mask_add_ps(sums, 0xff00, sums, scales);
    sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(even), _mm512_permutexvar_ps(even4, scales), sums);
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(odd), _mm512_permutexvar_ps(odd4, scales), sums);
}

#endif
