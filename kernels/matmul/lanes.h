/* lanes.h: the widest vectors of the instruction set a file is compiled for, so that one text serves AVX2 and AVX-512.
 */
#ifndef PRONY_KERNELS_MATMUL_LANES_H
#define PRONY_KERNELS_MATMUL_LANES_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__AVX512F__)
enum { LANES = 16 }; /* of 32 bits */
typedef __m512 lanes_float;
typedef __m512i lanes_int;
/* Intrinsics whose names differ in the width only. */
#define LANES_OP(operation) _mm512_##operation

static inline lanes_int lanes_and(lanes_int a, lanes_int b)
{
    return _mm512_and_si512(a, b);
}

static inline lanes_int lanes_or(lanes_int a, lanes_int b)
{
    return _mm512_or_si512(a, b);
}

static inline lanes_int lanes_xor(lanes_int a, lanes_int b)
{
    return _mm512_xor_si512(a, b);
}

/* (x & mask) | bits */
static inline lanes_int lanes_and_or(lanes_int x, lanes_int mask, lanes_int bits)
{
    return _mm512_ternarylogic_epi32(x, mask, bits, 0xEA);
}

/* Shifts of 32-bit lanes. */
static inline lanes_int lanes_left(lanes_int x, int count)
{
    return _mm512_slli_epi32(x, (unsigned)count);
}

static inline lanes_int lanes_right(lanes_int x, int count)
{
    return _mm512_srli_epi32(x, (unsigned)count);
}

/* The first lanes floats of y become sum, or grow by it; nothing behind them is touched. */
static inline void lanes_store(float *y, lanes_float sum, size_t lanes, bool accumulate)
{
    __mmask16 mask = (__mmask16)((1u << lanes) - 1);
    if (accumulate)
        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, y));
    _mm512_mask_storeu_ps(y, mask, sum);
}
#else
enum { LANES = 8 };
typedef __m256 lanes_float;
typedef __m256i lanes_int;
#define LANES_OP(operation) _mm256_##operation

static inline lanes_int lanes_and(lanes_int a, lanes_int b)
{
    return _mm256_and_si256(a, b);
}

static inline lanes_int lanes_or(lanes_int a, lanes_int b)
{
    return _mm256_or_si256(a, b);
}

static inline lanes_int lanes_xor(lanes_int a, lanes_int b)
{
    return _mm256_xor_si256(a, b);
}

static inline lanes_int lanes_and_or(lanes_int x, lanes_int mask, lanes_int bits)
{
    return _mm256_or_si256(_mm256_and_si256(x, mask), bits);
}

static inline lanes_int lanes_left(lanes_int x, int count)
{
    return _mm256_slli_epi32(x, count);
}

static inline lanes_int lanes_right(lanes_int x, int count)
{
    return _mm256_srli_epi32(x, count);
}

static inline void lanes_store(float *y, lanes_float sum, size_t lanes, bool accumulate)
{
    if (lanes == LANES) {
        _mm256_storeu_ps(y, accumulate ? _mm256_add_ps(sum, _mm256_loadu_ps(y)) : sum);
        return;
    }
    __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    if (accumulate)
        sum = _mm256_add_ps(sum, _mm256_maskload_ps(y, mask));
    _mm256_maskstore_ps(y, mask, sum);
}
#endif

#endif
