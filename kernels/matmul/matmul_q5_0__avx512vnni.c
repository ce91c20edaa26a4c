/* matmul_q5_0__avx512vnni.c: Y = X W^T, q5_0 weights and 8-bit activations, on VPDPBUSD. */
#include "kernels/matmul/vnni.h"

matmul_function matmul_q5_0__avx512vnni;

void matmul_q5_0__avx512vnni(const struct matmul_arguments *arguments)
{
    vnni_matmul(arguments, (struct vnni_format){ .format = FORMAT_Q5_0, .unpack = panel_pack_q5_0, .offset = 16 });
}
