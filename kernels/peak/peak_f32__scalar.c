/* Multiply and add in plain C: what the compiler makes of the baseline instruction set. 32 independent chains. */
#include "kernels/peak/peak.h"

peak_compute_function peak_f32__scalar;

double peak_f32__scalar(size_t steps)
{
    float sums[32] = { 0 }, x = 0.5f, y = 0.25f;
    __asm__ volatile("" : "+m"(x), "+m"(y)); /* not known at compile time */
    for (size_t step = 0; step < steps; step++)
        for (int i = 0; i < 32; i++)
            sums[i] = sums[i] * x + y;
    double total = 0;
    for (int i = 0; i < 32; i++)
        total += (double)sums[i];
    return total;
}
