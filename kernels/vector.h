/* vector.h: f32 vectors of the widest kind the including file is compiled for: 16 lanes with AVX-512, 8 with AVX2.
 *
 * Kernels whose algorithm does not depend on the instruction set are written once against these names, in a header
 * that their __avx2.c and __avx512.c files include. Everything is inline; "first" variants touch n lanes only
 * (0 <= n <= VECTOR_LANES), the others read as 0. */
#ifndef PRONY_KERNELS_VECTOR_H
#define PRONY_KERNELS_VECTOR_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VECTOR_INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)

enum { VECTOR_LANES = 16 };
typedef __m512 vector;

VECTOR_INLINE __mmask16 vector_mask(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

VECTOR_INLINE vector vector_zero(void)
{
    return _mm512_setzero_ps();
}

VECTOR_INLINE vector vector_set(float value)
{
    return _mm512_set1_ps(value);
}

VECTOR_INLINE vector vector_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

VECTOR_INLINE vector vector_load_first(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(vector_mask(n), p);
}

VECTOR_INLINE vector vector_load_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)p));
}

VECTOR_INLINE vector vector_load_f16_first(const uint16_t *p, size_t n)
{
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(vector_mask(n), p));
}

VECTOR_INLINE vector vector_load_bf16(const uint16_t *p)
{
    __m512i bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}

VECTOR_INLINE vector vector_load_bf16_first(const uint16_t *p, size_t n)
{
    __m512i bits = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(vector_mask(n), p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}

VECTOR_INLINE void vector_store(float *p, vector v)
{
    _mm512_storeu_ps(p, v);
}

VECTOR_INLINE void vector_store_first(float *p, vector v, size_t n)
{
    _mm512_mask_storeu_ps(p, vector_mask(n), v);
}

VECTOR_INLINE vector vector_add(vector a, vector b)
{
    return _mm512_add_ps(a, b);
}

VECTOR_INLINE vector vector_sub(vector a, vector b)
{
    return _mm512_sub_ps(a, b);
}

VECTOR_INLINE vector vector_mul(vector a, vector b)
{
    return _mm512_mul_ps(a, b);
}

VECTOR_INLINE vector vector_div(vector a, vector b)
{
    return _mm512_div_ps(a, b);
}

VECTOR_INLINE vector vector_max(vector a, vector b)
{
    return _mm512_max_ps(a, b);
}

VECTOR_INLINE vector vector_min(vector a, vector b)
{
    return _mm512_min_ps(a, b);
}

/* v, but 0 in lanes where a < b */
VECTOR_INLINE vector vector_zero_where_less(vector v, vector a, vector b)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ), v);
}

/* a * b + c, rounded once */
VECTOR_INLINE vector vector_fma(vector a, vector b, vector c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* Lanes below n from a, the rest from b. */
VECTOR_INLINE vector vector_first(vector a, size_t n, vector b)
{
    return _mm512_mask_mov_ps(b, vector_mask(n), a);
}

VECTOR_INLINE float vector_sum(vector v)
{
    return _mm512_reduce_add_ps(v);
}

VECTOR_INLINE float vector_maximum(vector v)
{
    return _mm512_reduce_max_ps(v);
}

VECTOR_INLINE vector vector_round(vector v)
{
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* v * 2^n for whole n */
VECTOR_INLINE vector vector_scale_2(vector v, vector n)
{
    return _mm512_scalef_ps(v, n);
}

VECTOR_INLINE vector vector_load_i8(const int8_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)p)));
}

/* Both of each pair of lanes (2 i, 2 i + 1) from the first or from the second of them; the pair exchanged. */
VECTOR_INLINE vector vector_pair_first(vector v)
{
    return _mm512_moveldup_ps(v);
}

VECTOR_INLINE vector vector_pair_second(vector v)
{
    return _mm512_movehdup_ps(v);
}

VECTOR_INLINE vector vector_pair_swap(vector v)
{
    return _mm512_permute_ps(v, 0xb1);
}

/* a * b - c in even lanes, a * b + c in odd ones */
VECTOR_INLINE vector vector_fma_alternate(vector a, vector b, vector c)
{
    return _mm512_fmaddsub_ps(a, b, c);
}

/* Of the 2 VECTOR_LANES floats at p: those at even and at odd indices. */
VECTOR_INLINE void vector_load_pairs(const float *p, vector *even, vector *odd)
{
    const __m512i at = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    __m512 low = _mm512_loadu_ps(p), high = _mm512_loadu_ps(p + 16);
    *even = _mm512_permutex2var_ps(low, at, high);
    *odd = _mm512_permutex2var_ps(low, _mm512_add_epi32(at, _mm512_set1_epi32(1)), high);
}

/* rows[i] lane j <-> rows[j] lane i */
VECTOR_INLINE void vector_transpose(vector rows[VECTOR_LANES])
{
    vector t[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
        rows[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
        rows[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
        rows[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        rows[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    /* Now rows[4 a + c] holds, in its 128-bit lane b, column 4 b + c of rows 4 a .. 4 a + 3. */
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) {
        vector low_a = _mm512_shuffle_f32x4(rows[c], rows[c + 4], 0x44);
        vector high_a = _mm512_shuffle_f32x4(rows[c], rows[c + 4], 0xee);
        vector low_b = _mm512_shuffle_f32x4(rows[c + 8], rows[c + 12], 0x44);
        vector high_b = _mm512_shuffle_f32x4(rows[c + 8], rows[c + 12], 0xee);
        t[c] = _mm512_shuffle_f32x4(low_a, low_b, 0x88);
        t[c + 4] = _mm512_shuffle_f32x4(low_a, low_b, 0xdd);
        t[c + 8] = _mm512_shuffle_f32x4(high_a, high_b, 0x88);
        t[c + 12] = _mm512_shuffle_f32x4(high_a, high_b, 0xdd);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        rows[i] = t[i];
}

#else

enum { VECTOR_LANES = 8 };
typedef __m256 vector;

VECTOR_INLINE __m256i vector_mask(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

VECTOR_INLINE vector vector_zero(void)
{
    return _mm256_setzero_ps();
}

VECTOR_INLINE vector vector_set(float value)
{
    return _mm256_set1_ps(value);
}

VECTOR_INLINE vector vector_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

VECTOR_INLINE vector vector_load_first(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, vector_mask(n));
}

VECTOR_INLINE __m128i vector_load_16_first(const uint16_t *p, size_t n)
{
    uint16_t values[8] = { 0 };
    memcpy(values, p, n * sizeof *p);
    return _mm_loadu_si128((const void *)values);
}

VECTOR_INLINE vector vector_load_f16(const uint16_t *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)p));
}

VECTOR_INLINE vector vector_load_f16_first(const uint16_t *p, size_t n)
{
    return _mm256_cvtph_ps(vector_load_16_first(p, n));
}

VECTOR_INLINE vector vector_from_bf16(__m128i bits)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

VECTOR_INLINE vector vector_load_bf16(const uint16_t *p)
{
    return vector_from_bf16(_mm_loadu_si128((const void *)p));
}

VECTOR_INLINE vector vector_load_bf16_first(const uint16_t *p, size_t n)
{
    return vector_from_bf16(vector_load_16_first(p, n));
}

VECTOR_INLINE void vector_store(float *p, vector v)
{
    _mm256_storeu_ps(p, v);
}

VECTOR_INLINE void vector_store_first(float *p, vector v, size_t n)
{
    _mm256_maskstore_ps(p, vector_mask(n), v);
}

VECTOR_INLINE vector vector_add(vector a, vector b)
{
    return _mm256_add_ps(a, b);
}

VECTOR_INLINE vector vector_sub(vector a, vector b)
{
    return _mm256_sub_ps(a, b);
}

VECTOR_INLINE vector vector_mul(vector a, vector b)
{
    return _mm256_mul_ps(a, b);
}

VECTOR_INLINE vector vector_div(vector a, vector b)
{
    return _mm256_div_ps(a, b);
}

VECTOR_INLINE vector vector_max(vector a, vector b)
{
    return _mm256_max_ps(a, b);
}

VECTOR_INLINE vector vector_min(vector a, vector b)
{
    return _mm256_min_ps(a, b);
}

/* v, but 0 in lanes where a < b */
VECTOR_INLINE vector vector_zero_where_less(vector v, vector a, vector b)
{
    return _mm256_andnot_ps(_mm256_cmp_ps(a, b, _CMP_LT_OQ), v);
}

/* a * b + c, rounded once */
VECTOR_INLINE vector vector_fma(vector a, vector b, vector c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* Lanes below n from a, the rest from b. */
VECTOR_INLINE vector vector_first(vector a, size_t n, vector b)
{
    return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(vector_mask(n)));
}

VECTOR_INLINE float vector_sum(vector v)
{
    __m128 a = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    a = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
}

VECTOR_INLINE float vector_maximum(vector v)
{
    __m128 a = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    a = _mm_max_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_max_ss(a, _mm_movehdup_ps(a)));
}

VECTOR_INLINE vector vector_round(vector v)
{
    return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* v * 2^n for whole n, |n| < 252: in two steps, so that denormal results come out. */
VECTOR_INLINE vector vector_scale_2(vector v, vector n)
{
    const __m256i bias = _mm256_set1_epi32(127);
    __m256i exponent = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(exponent, 1);
    __m256i rest = _mm256_sub_epi32(exponent, half);
    v = _mm256_mul_ps(v, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23)));
    return _mm256_mul_ps(v, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23)));
}

VECTOR_INLINE vector vector_load_i8(const int8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)p)));
}

/* Both of each pair of lanes (2 i, 2 i + 1) from the first or from the second of them; the pair exchanged. */
VECTOR_INLINE vector vector_pair_first(vector v)
{
    return _mm256_moveldup_ps(v);
}

VECTOR_INLINE vector vector_pair_second(vector v)
{
    return _mm256_movehdup_ps(v);
}

VECTOR_INLINE vector vector_pair_swap(vector v)
{
    return _mm256_permute_ps(v, 0xb1);
}

/* a * b - c in even lanes, a * b + c in odd ones */
VECTOR_INLINE vector vector_fma_alternate(vector a, vector b, vector c)
{
    return _mm256_fmaddsub_ps(a, b, c);
}

/* Of the 2 VECTOR_LANES floats at p: those at even and at odd indices. */
VECTOR_INLINE void vector_load_pairs(const float *p, vector *even, vector *odd)
{
    __m256 low = _mm256_loadu_ps(p), high = _mm256_loadu_ps(p + 8);
    __m256d evens = _mm256_castps_pd(_mm256_shuffle_ps(low, high, 0x88));
    __m256d odds = _mm256_castps_pd(_mm256_shuffle_ps(low, high, 0xdd));
    *even = _mm256_castpd_ps(_mm256_permute4x64_pd(evens, 0xd8));
    *odd = _mm256_castpd_ps(_mm256_permute4x64_pd(odds, 0xd8));
}

/* rows[i] lane j <-> rows[j] lane i */
VECTOR_INLINE void vector_transpose(vector rows[VECTOR_LANES])
{
    vector t[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        rows[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        rows[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        rows[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        rows[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) {
        t[c] = _mm256_permute2f128_ps(rows[c], rows[c + 4], 0x20);
        t[c + 4] = _mm256_permute2f128_ps(rows[c], rows[c + 4], 0x31);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        rows[i] = t[i];
}

#endif

/* e^x to 2e-7: x = n ln 2 + r with |r| <= ln(2) / 2, then the series of e^r up to r^6 / 720, times 2^n. ln 2 in two
 * parts (Cody, Waite 1980), so that r is exact. Above 89 the result is infinity. Below -87.3, where it would be
 * denormal, it is 0: the processor needs a hundred cycles for a denormal, and masked scores are many. A NaN stays (the
 * operand order of max and min sees to that). */
VECTOR_INLINE vector vector_exp(vector x)
{
    vector bounded = vector_min(vector_set(89), vector_max(vector_set(-87.3f), x));
    vector n = vector_round(vector_mul(bounded, vector_set(1.44269504089f)));
    vector r = vector_fma(n, vector_set(-0.693359375f), bounded);
    r = vector_fma(n, vector_set(2.12194440e-4f), r);
    vector e = vector_fma(r, vector_set(1.0f / 720), vector_set(1.0f / 120));
    e = vector_fma(e, r, vector_set(1.0f / 24));
    e = vector_fma(e, r, vector_set(1.0f / 6));
    e = vector_fma(e, r, vector_set(0.5f));
    e = vector_fma(e, r, vector_set(1));
    e = vector_fma(e, r, vector_set(1));
    return vector_zero_where_less(vector_scale_2(e, n), x, vector_set(-87.3f));
}

#endif
