/* matvec_q5_0__scalar.c: y = W x, q5_0 weights, in plain C. */
#include "kernels/matvec/scalar.h"
#include "kernels/dequantize/unpack.h"

matvec_function matvec_q5_0__scalar;

static float matvec_row(const struct block_q5_0 *block, const int8_t *x, const float *x_scale, size_t blocks)
{
    double sum = 0;
    for (size_t b = 0; b < blocks; b++) {
        int8_t q[32];
        unpack_nibbles_bit4(q, block[b].q, block[b].qh, 16);
        sum += (double)half_to_float(block[b].d) * x_scale[b] * scalar_dot_i8(q, x + 32 * b, 32);
    }
    return (float)sum;
}

void matvec_q5_0__scalar(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    const float *x_scale = act_q8_scales(act, cols);
    for (size_t r = 0; r < rows; r++)
        y[r] = matvec_row((const void *)((const char *)w + r * w_row_bytes), act, x_scale, cols / 32);
}
