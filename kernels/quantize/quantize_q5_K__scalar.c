/* quantize_q5_K__scalar.c: super-blocks of 256 in eight groups, v = d sc q - dmin mn with q in 0..31.
 *
 * The low four bits lie as in q4_K; bit g of qh[i] is the fifth bit of value i of group g. */
#include "kernels/kernel.h"
#include "kernels/quantize/k_blocks.h"

quantize_function quantize_q5_K__scalar;

void quantize_q5_K__scalar(void *w, const float *x, size_t cols)
{
    struct block_q5_K *block = w;
    for (; cols >= 256; cols -= 256, x += 256, block++) {
        uint8_t codes[256];
        k_quantize_block(x, 31, &block->d, &block->dmin, block->scales, codes);
        for (size_t pair = 0; pair < 4; pair++) {
            const uint8_t *even = codes + 64 * pair, *odd = even + 32;
            for (size_t i = 0; i < 32; i++)
                block->q[32 * pair + i] = (uint8_t)((even[i] & 15) | (odd[i] & 15) << 4);
        }
        for (size_t i = 0; i < 32; i++) {
            unsigned bits = 0;
            for (size_t g = 0; g < 8; g++)
                bits |= (unsigned)(codes[32 * g + i] >> 4) << g;
            block->qh[i] = (uint8_t)bits;
        }
    }
}
