/* core_clock.c: see core_clock.h. The loop's own counting runs beside the chain and costs it nothing. */
#include "harness/base/core_clock.h"
#include "harness/base/clock.h"

#define FOUR_ADDS    "add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\t"
#define FOUR_ADDS_64 "add %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\t"

/* blocks > 0 of 16 additions. */
static inline void run_chain(uint64_t blocks)
{
    uint64_t value = 1;
#if defined(__x86_64__)
    __asm__ volatile("1:\n\t" FOUR_ADDS FOUR_ADDS FOUR_ADDS FOUR_ADDS "dec %1\n\tjnz 1b"
                     : "+r"(value), "+r"(blocks)
                     :
                     : "cc");
#elif defined(__aarch64__)
    __asm__ volatile("1:\n\t" FOUR_ADDS_64 FOUR_ADDS_64 FOUR_ADDS_64 FOUR_ADDS_64 "subs %1, %1, #1\n\tb.ne 1b"
                     : "+r"(value), "+r"(blocks)
                     :
                     : "cc");
#else
    (void)value, (void)blocks;
#endif
}

double core_clock_read_hz(int readings, uint64_t cycles)
{
    double best = 0;
#if defined(__x86_64__) || defined(__aarch64__)
    uint64_t blocks = cycles / 16 > 0 ? cycles / 16 : 1;
    for (int i = 0; i < readings; i++) {
        int64_t start = clock_wall_ns();
        run_chain(blocks);
        int64_t time_ns = clock_wall_ns() - start;
        double hz = time_ns > 0 ? (double)blocks * 16 * 1e9 / (double)time_ns : 0;
        best = hz > best ? hz : best;
    }
#else
    (void)readings, (void)cycles;
    run_chain(1);
#endif
    return best;
}
