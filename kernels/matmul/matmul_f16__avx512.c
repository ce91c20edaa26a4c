/* matmul_f16__avx512.c: Y = X W^T, f16 weights and f32 activations. */
#include "kernels/matmul/fma.h"

matmul_function matmul_f16__avx512;

static inline lanes_float load(const void *numbers)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256(numbers));
}

static void pack(float (*panel)[FMA_PANEL_ROWS], const struct panel_rows *rows, size_t start, size_t cols)
{
    fma_pack_numbers(panel, rows, start, cols, sizeof(uint16_t), load);
}

void matmul_f16__avx512(const struct matmul_arguments *arguments)
{
    fma_matmul(arguments, pack);
}
