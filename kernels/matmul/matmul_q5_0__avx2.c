/* matmul_q5_0__avx2.c: Y = X W^T, q5_0 weights and f32 activations. */
#include "kernels/matmul/fma_quantized.h"

matmul_function matmul_q5_0__avx2;
dequantize_function dequantize_q5_0__avx2;

static void pack(float (*panel)[FMA_PANEL_ROWS], const struct fma_rows *rows, size_t start, size_t cols,
                 struct fma_scratch *scratch)
{
    fma_pack_quantized(panel, rows, start, cols, scratch, FORMAT_Q5_0, dequantize_q5_0__avx2);
}

void matmul_q5_0__avx2(const struct matmul_arguments *arguments)
{
    fma_matmul(arguments, pack);
}
