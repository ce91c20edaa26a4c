/* fma_quantized.h: quantized weights into the f32 panels of fma.h, by way of a dequantize row of the same instruction
 * set. */
#ifndef PRONY_KERNELS_MATMUL_FMA_QUANTIZED_H
#define PRONY_KERNELS_MATMUL_FMA_QUANTIZED_H

#include "kernels/matmul/fma.h"

static inline __attribute__((always_inline)) void
fma_pack_quantized(float (*panel)[FMA_PANEL_ROWS], const struct fma_rows *rows, size_t start, size_t cols,
                   struct fma_scratch *scratch, enum tensor_format format, dequantize_function *dequantize)
{
    for (size_t r = 0; r < FMA_LANES; r++)
        dequantize(scratch->row[r], rows->row[r] + format_row_bytes(format, start), cols);
    for (size_t k = 0; k < cols; k += FMA_LANES) {
        fma_vector in[FMA_LANES];
        for (size_t r = 0; r < FMA_LANES; r++)
            in[r] = fma_load(scratch->row[r] + k);
        fma_transpose(panel[k], in);
    }
}

#endif
