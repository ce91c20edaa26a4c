/* matvec_q5_K__scalar.c: y = W x, q5_K weights, in plain C; the minima meet only the sums of x. */
#include "kernels/matvec/scalar.h"
#include "kernels/dequantize/unpack.h"

matvec_function matvec_q5_K__scalar;

static float matvec_row(const struct block_q5_K *block, const int8_t *x, const float *x_scale, const int32_t *x_sum,
                        size_t blocks)
{
    double sum = 0;
    for (size_t b = 0; b < blocks; b++, x += 256, x_scale += 8, x_sum += 16) {
        double d = half_to_float(block[b].d), dmin = half_to_float(block[b].dmin);
        int8_t q[256];
        unpack_q5_K(q, &block[b]);
        for (int group = 0; group < 8; group++) {
            int sc, mn;
            k_scale_min(block[b].scales, group, &sc, &mn);
            int dot = scalar_dot_i8(q + 32 * group, x + 32 * group, 32);
            sum += x_scale[group] * (d * (sc * dot) - dmin * (mn * (x_sum[2 * group] + x_sum[2 * group + 1])));
        }
    }
    return (float)sum;
}

void matvec_q5_K__scalar(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols)
{
    const float *x_scale = act_q8_scales(act, cols);
    const int32_t *x_sum = act_q8_sums(act, cols);
    for (size_t r = 0; r < rows; r++)
        y[r] = matvec_row((const void *)((const char *)w + r * w_row_bytes), act, x_scale, x_sum, cols / 256);
}
