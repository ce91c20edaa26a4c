/* quantize_q4_K__scalar.c: super-blocks of 256 in eight groups, v = d sc q - dmin mn with q in 0..15.
 *
 * Bytes 32p .. 32p+31 of q hold group 2p in the low nibbles and group 2p+1 in the high ones. */
#include "kernels/kernel.h"
#include "kernels/quantize/k_blocks.h"

quantize_function quantize_q4_K__scalar;

void quantize_q4_K__scalar(void *w, const float *x, size_t cols)
{
    struct block_q4_K *block = w;
    for (; cols >= 256; cols -= 256, x += 256, block++) {
        uint8_t codes[256];
        k_quantize_block(x, 15, &block->d, &block->dmin, block->scales, codes);
        for (size_t pair = 0; pair < 4; pair++) {
            for (size_t i = 0; i < 32; i++)
                block->q[32 * pair + i] = (uint8_t)(codes[64 * pair + i] | codes[64 * pair + 32 + i] << 4);
        }
    }
}
