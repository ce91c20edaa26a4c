/* k_blocks.h: what the quantizers of the K formats share: fitting a group's scale, and packing q4_K's and q5_K's 6-bit
 * scales.
 *
 * A group is fitted by turns (Lloyd's method): round the values with the scale at hand, then take the scale that is
 * best in least squares for these codes. Two turns get almost all there is to get. */
#ifndef PRONY_KERNELS_QUANTIZE_K_BLOCKS_H
#define PRONY_KERNELS_QUANTIZE_K_BLOCKS_H

#include "kernels/formats.h"
#include "kernels/quantize/round.h"

enum { K_FIT_TURNS = 2 };

/* x[i] ~ scale q[i] - minimum, q in 0..levels, for 32 values; scale and minimum are never negative, as the formats
 * store both unsigned. */
static inline void k_fit_range(const float *x, int32_t levels, float *scale, float *minimum)
{
    float low = row_minimum(x, 32);
    low = low < 0.0f ? low : 0.0f;
    *minimum = -low;
    *scale = (row_maximum(x, 32) - low) / (float)levels;
    if (!(*scale > 0.0f)) {
        *scale = 0.0f;
        return;
    }
    for (int turn = 0; turn < K_FIT_TURNS; turn++) {
        float inverse = 1.0f / *scale;
        int32_t sum_q = 0, sum_qq = 0;
        float sum_x = 0.0f, sum_qx = 0.0f;
        for (size_t i = 0; i < 32; i++) {
            int32_t q = round_clamp((x[i] + *minimum) * inverse, 0, levels);
            sum_q += q;
            sum_qq += q * q;
            sum_x += x[i];
            sum_qx += (float)q * x[i];
        }
        float determinant = (float)(32 * sum_qq - sum_q * sum_q);
        if (!(determinant > 0.0f))
            return;
        float slope = (32.0f * sum_qx - (float)sum_q * sum_x) / determinant;
        float offset = ((float)sum_qq * sum_x - (float)sum_q * sum_qx) / determinant;
        if (offset > 0.0f) { /* not storable: the best line through 0 instead */
            offset = 0.0f;
            slope = sum_qx / (float)sum_qq;
        }
        if (!(slope > 0.0f))
            return;
        *scale = slope;
        *minimum = -offset;
    }
}

/* One super-block of q4_K or q5_K: fits the eight groups, stores d, dmin and the packed 6-bit scales, and gives the
 * codes 0..levels of the 256 values. */
static inline void k_quantize_block(const float *x, int32_t levels, uint16_t *d, uint16_t *dmin, uint8_t packed[12],
                                    uint8_t codes[256])
{
    float scales[8], minimums[8];
    for (size_t g = 0; g < 8; g++)
        k_fit_range(x + 32 * g, levels, &scales[g], &minimums[g]);
    *d = float_to_half(row_maximum(scales, 8) / 63.0f);
    *dmin = float_to_half(row_maximum(minimums, 8) / 63.0f);
    float unit = half_to_float(*d), unit_min = half_to_float(*dmin);
    float inverse = inverse_or_zero(unit), inverse_min = inverse_or_zero(unit_min);
    int32_t sc[8], mn[8];
    for (size_t g = 0; g < 8; g++) {
        sc[g] = round_clamp(scales[g] * inverse, 0, 63);
        mn[g] = round_clamp(minimums[g] * inverse_min, 0, 63);
        float step = inverse_or_zero(unit * (float)sc[g]);
        float shift = unit_min * (float)mn[g];
        for (size_t i = 32 * g; i < 32 * g + 32; i++)
            codes[i] = (uint8_t)round_clamp((x[i] + shift) * step, 0, levels);
    }
    for (size_t g = 0; g < 4; g++) {
        packed[g] = (uint8_t)(sc[g] | sc[g + 4] >> 4 << 6);
        packed[g + 4] = (uint8_t)(mn[g] | mn[g + 4] >> 4 << 6);
        packed[g + 8] = (uint8_t)((sc[g + 4] & 15) | (mn[g + 4] & 15) << 4);
    }
}

/* The scale that fits x[i] ~ scale q[i] best, q in -32..31, for 16 values (q6_K). */
static inline float k_fit_scale(const float *x)
{
    float scale = row_extreme(x, 16) / -32.0f;
    if (scale == 0.0f)
        return 0.0f;
    for (int turn = 0; turn < K_FIT_TURNS; turn++) {
        float inverse = 1.0f / scale;
        int32_t sum_qq = 0;
        float sum_qx = 0.0f;
        for (size_t i = 0; i < 16; i++) {
            int32_t q = round_clamp(x[i] * inverse, -32, 31);
            sum_qq += q * q;
            sum_qx += (float)q * x[i];
        }
        if (sum_qq == 0 || sum_qx == 0.0f)
            return scale;
        scale = sum_qx / (float)sum_qq;
    }
    return scale;
}

#endif
