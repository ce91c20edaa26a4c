/* Products of 8-bit integers in plain C: what the compiler makes of the baseline instruction set. */
#include "kernels/peak/peak.h"

peak_compute_function peak_int8__scalar;

double peak_int8__scalar(size_t steps)
{
    int8_t x[64], y[64];
    int32_t sums[64] = { 0 };
    for (int i = 0; i < 64; i++)
        x[i] = (int8_t)i, y[i] = (int8_t)(64 - i);
    for (size_t step = 0; step < steps; step++) {
        __asm__ volatile("" : : "r"(x), "r"(y) : "memory"); /* operands may have changed: load and multiply again */
        for (int i = 0; i < 64; i++)
            sums[i] += x[i] * y[i];
    }
    double total = 0;
    for (int i = 0; i < 64; i++)
        total += sums[i];
    return total;
}
