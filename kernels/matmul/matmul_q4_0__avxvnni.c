/* matmul_q4_0__avxvnni.c: Y = X W^T, q4_0 weights and 8-bit activations, on VPDPBUSD with 256 bits. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q4_0__avxvnni;

void matmul_q4_0__avxvnni(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = { .format = FORMAT_Q4_0, .unpack = panel_pack_q4_0, .offset = 8 };
    bytes_matmul(arguments, format);
}
