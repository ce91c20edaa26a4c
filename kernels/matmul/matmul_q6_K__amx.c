/* matmul_q6_K__amx.c: Y = X W^T, q6_K weights unpacked to bf16 panels, on the AMX unit. */
#include "kernels/matmul/amx_quantized.h"

matmul_function matmul_q6_K__amx;

static void pack(char *tiles, const void *w, size_t w_row_bytes, size_t rows, size_t start, size_t cols)
{
    amx_pack_quantized(tiles, w, w_row_bytes, rows, start, cols, FORMAT_Q6_K, panel_pack_q6_K);
}

void matmul_q6_K__amx(const struct matmul_arguments *arguments)
{
    amx_matmul(arguments, pack);
}
