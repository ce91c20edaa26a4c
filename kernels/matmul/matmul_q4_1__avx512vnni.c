/* matmul_q4_1__avx512vnni.c: Y = X W^T, q4_1 weights and 8-bit activations, on VPDPBUSD with 512 bits. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q4_1__avx512vnni;

void matmul_q4_1__avx512vnni(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = { .format = FORMAT_Q4_1, .unpack = panel_pack_q4_1, .offset = 0 };
    bytes_matmul(arguments, format);
}
