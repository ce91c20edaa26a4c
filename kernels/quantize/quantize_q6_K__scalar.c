/* quantize_q6_K__scalar.c: super-blocks of 256 in sixteen groups, v = d sc (q - 32) with q in 0..63.
 *
 * Each half of 128 values has 64 bytes of ql and 32 of qh: with quarter k = 0..3 of 32 values, the low four bits of
 * value i lie in ql[32 (k mod 2) + i], low nibble for k < 2, and the upper two in bits 2k of qh[i]. */
#include "kernels/kernel.h"
#include "kernels/quantize/k_blocks.h"

static void pack_half(const uint8_t codes[128], uint8_t ql[64], uint8_t qh[32])
{
    for (size_t i = 0; i < 64; i++)
        ql[i] = (uint8_t)((codes[i] & 15) | (codes[i + 64] & 15) << 4);
    for (size_t i = 0; i < 32; i++)
        qh[i] = (uint8_t)(codes[i] >> 4 | codes[i + 32] >> 4 << 2 | codes[i + 64] >> 4 << 4 | codes[i + 96] >> 4 << 6);
}

quantize_function quantize_q6_K__scalar;

void quantize_q6_K__scalar(void *w, const float *x, size_t cols)
{
    struct block_q6_K *block = w;
    for (; cols >= 256; cols -= 256, x += 256, block++) {
        float scales[16];
        for (size_t g = 0; g < 16; g++)
            scales[g] = k_fit_scale(x + 16 * g);
        block->d = float_to_half(row_extreme(scales, 16) / -128.0f);
        float unit = half_to_float(block->d);
        float inverse = inverse_or_zero(unit);
        uint8_t codes[256];
        for (size_t g = 0; g < 16; g++) {
            int32_t sc = round_clamp(scales[g] * inverse, -128, 127);
            block->scales[g] = (int8_t)sc;
            float step = inverse_or_zero(unit * (float)sc);
            for (size_t i = 16 * g; i < 16 * g + 16; i++)
                codes[i] = (uint8_t)(round_clamp(x[i] * step, -32, 31) + 32);
        }
        pack_half(codes, block->ql, block->qh);
        pack_half(codes + 128, block->ql + 64, block->qh + 32);
    }
}
