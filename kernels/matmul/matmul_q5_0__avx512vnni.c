/* matmul_q5_0__avx512vnni.c: Y = X W^T, q5_0 weights and 8-bit activations, on VPDPBUSD with 512 bits. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q5_0__avx512vnni;

void matmul_q5_0__avx512vnni(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = { .format = FORMAT_Q5_0, .unpack = panel_pack_q5_0, .offset = 16 };
    bytes_matmul(arguments, format);
}
