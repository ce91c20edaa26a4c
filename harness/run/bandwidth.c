/* bandwidth.c: see bandwidth.h. */
#include "harness/run/bandwidth.h"
#include "harness/base/clock.h"
#include "harness/base/cpu.h"
#include <math.h>
#include <sys/mman.h>

/* Not inlined, so that no pass can be left out as unused. */
__attribute__((noinline)) static void triad(double *restrict a, const double *restrict b, const double *restrict c,
                                            double s, size_t count)
{
    for (size_t i = 0; i < count; i++)
        a[i] = b[i] + s * c[i];
    __asm__ volatile("" : : "r"(a) : "memory");
}

static size_t choose_size(void)
{
    const size_t least = (size_t)16 << 20, most = (size_t)32 << 20;
    struct cpu_info cpu;
    cpu_detect(&cpu);
    return cpu.l3_bytes < least ? least : cpu.l3_bytes > most ? most : cpu.l3_bytes / 4096 * 4096;
}

double bandwidth_measure(double seconds, size_t *array_bytes, int *passes)
{
    size_t size = choose_size(), count = size / sizeof(double);
    int64_t end = clock_wall_ns() + (int64_t)(seconds * 1e9);
    *array_bytes = size;
    *passes = 0;
    void *memory = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NAN;
    madvise(memory, 3 * size, MADV_HUGEPAGE); /* most of the time would go into faults; a refusal does no harm */
    double *a = memory, *b = a + count, *c = b + count;
    for (size_t i = 0; i < 3 * count;
         i += 512) /* a write to every page: unwritten ones would all be one page of zeros */
        a[i] = 1;
    double best_ns = INFINITY;
    while (*passes < 2 || clock_wall_ns() < end) {
        int64_t start = clock_wall_ns();
        triad(a, b, c, 3.0, count);
        best_ns = fmin(best_ns, (double)(clock_wall_ns() - start));
        ++*passes;
    }
    munmap(memory, 3 * size);
    return 3 * (double)size / (best_ns / 1e9);
}
