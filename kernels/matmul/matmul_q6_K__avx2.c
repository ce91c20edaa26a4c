/* matmul_q6_K__avx2.c: Y = X W^T, q6_K weights and 8-bit activations, on VPMADDUBSW. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q6_K__avx2;

void matmul_q6_K__avx2(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = {
        .format = FORMAT_Q6_K, .unpack = panel_pack_q6_K, .offset = 32, .two_scales = true
    };
    bytes_matmul(arguments, format);
}
