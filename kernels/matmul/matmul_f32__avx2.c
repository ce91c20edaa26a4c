/* matmul_f32__avx2.c: Y = X W^T, f32 weights and f32 activations. */
#include "kernels/matmul/fma.h"

matmul_function matmul_f32__avx2;

static inline lanes_float load(const void *numbers)
{
    return _mm256_loadu_ps(numbers);
}

static void pack(float (*panel)[FMA_PANEL_ROWS], const struct panel_rows *rows, size_t start, size_t cols)
{
    fma_pack_numbers(panel, rows, start, cols, sizeof(float), load);
}

void matmul_f32__avx2(const struct matmul_arguments *arguments)
{
    fma_matmul(arguments, pack);
}
