/* act.h: what all act rows share, so that every variant rounds every value alike.
 *
 * A group's scale is max|x| / 127, found on the magnitude bits: as integers they order like the values, with infinity
 * and NaN on top. A group that holds one of those gets it as its scale and q = 0, so every product with it is NaN: bad
 * input stays visible in the result instead of being rounded away. */
#ifndef PRONY_KERNELS_ACT_H
#define PRONY_KERNELS_ACT_H

#include "kernels/formats.h"
#include <string.h>

static inline uint32_t act_magnitude_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffff;
}

static inline float act_scale(uint32_t max_bits)
{
    float max;
    memcpy(&max, &max_bits, sizeof max);
    return max / 127.0f;
}

/* 0 where nothing can be divided: a group of zeros, one below 2^-120 (its inverse could overflow), or a bad one. */
static inline float act_inverse(float scale)
{
    return scale > 0x1p-120f && scale < 0x1p127f ? 1.0f / scale : 0.0f;
}

static inline float *act_scales(void *row, size_t padded)
{
    return (float *)(void *)((char *)row + padded);
}

static inline int32_t *act_sums(void *row, size_t padded)
{
    return (int32_t *)(void *)((char *)row + padded + padded / 32 * 4);
}

#endif
