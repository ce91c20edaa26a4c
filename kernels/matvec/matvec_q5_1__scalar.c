/* matvec_q5_1__scalar.c: y = W x, q5_1 weights, in plain C; the minimum m meets only the sum of x. */
#include "kernels/matvec/scalar.h"
#include "kernels/dequantize/unpack.h"

matvec_function matvec_q5_1__scalar;

static float matvec_row(const struct block_q5_1 *block, const int8_t *x, const float *x_scale, const int32_t *x_sum,
                        size_t blocks)
{
    double sum = 0;
    for (size_t b = 0; b < blocks; b++) {
        int8_t q[32];
        unpack_nibbles_bit4(q, block[b].q, block[b].qh, 0);
        int dot = scalar_dot_i8(q, x + 32 * b, 32);
        double d = half_to_float(block[b].d), m = half_to_float(block[b].m);
        sum += x_scale[b] * (d * dot + m * (x_sum[2 * b] + x_sum[2 * b + 1]));
    }
    return (float)sum;
}

void matvec_q5_1__scalar(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    const float *x_scale = act_q8_scales(act, cols);
    const int32_t *x_sum = act_q8_sums(act, cols);
    for (size_t r = 0; r < rows; r++)
        y[r] = matvec_row((const void *)((const char *)w + r * w_row_bytes), act, x_scale, x_sum, cols / 32);
}
