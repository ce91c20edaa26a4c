/* matmul_q5_1__avxvnni.c: Y = X W^T, q5_1 weights and 8-bit activations, on VPDPBUSD with 256 bits. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q5_1__avxvnni;

void matmul_q5_1__avxvnni(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = { .format = FORMAT_Q5_1, .unpack = panel_pack_q5_1, .offset = 0 };
    bytes_matmul(arguments, format);
}
