/* ceilings.c: quick measurement of peak rows. The best of several short runs: anything that disturbs a run makes it
 * slower, never faster. On the thread's CPU clock, as the cases that are compared with them. */
#include "suites/common/ceilings.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/benchmark/benchmark.h"
#include <stdlib.h>
#include <string.h>

enum { COMPUTE_RUNS = 7, STREAM_RUNS = 6 };

/* Everything that comes with the highest of the needed features. */
static uint32_t implied_features(uint32_t needs)
{
    if (needs & CPU_AMX)
        needs |= CPU_AVX512BF16;
    if (needs & CPU_AVX512BF16)
        needs |= CPU_AVX512VNNI;
    if (needs & CPU_AVX512VNNI)
        needs |= CPU_AVX512;
    if (needs & (CPU_AVX512 | CPU_AVXVNNI))
        needs |= CPU_AVX2;
    return needs;
}

static double measure_flops(const struct peak_row *row)
{
    size_t steps = 1000;
    double best = 0;
    for (int run = 0; run < COMPUTE_RUNS; run++) {
        int64_t start_ns = clock_thread_cpu_ns();
        double result = row->compute(steps);
        double elapsed_ns = (double)(clock_thread_cpu_ns() - start_ns + 1);
        benchmark_do_not_optimize(result);
        double rate = (double)steps * row->flops / elapsed_ns * 1e9;
        best = rate > best ? rate : best;
        if (elapsed_ns < 2e6) /* also brings the clock up to speed */
            steps = (size_t)((double)steps * 3e6 / elapsed_ns);
    }
    return best;
}

static double measure_read(const struct peak_row *row, size_t stream_bytes)
{
    float *array = mem_aligned(stream_bytes);
    double best = 0;
    if (!array)
        return 0;
    memset(array, 1, stream_bytes);
    for (int run = 0; run < STREAM_RUNS; run++) {
        int64_t start_ns = clock_thread_cpu_ns();
        double result = row->stream(NULL, array, NULL, stream_bytes / sizeof *array);
        double elapsed_ns = (double)(clock_thread_cpu_ns() - start_ns + 1);
        benchmark_do_not_optimize(result);
        double rate = (double)stream_bytes / elapsed_ns * 1e9;
        best = rate > best ? rate : best;
    }
    free(array);
    return best;
}

static double *cached_rate(struct ceilings *ceilings, const struct peak_row *row)
{
    size_t index = (size_t)(row - peak_rows);
    return index < CEILINGS_LIMIT ? &ceilings->rates[index] : NULL;
}

double ceilings_flops(struct ceilings *ceilings, enum peak_class peak_class, uint32_t needs)
{
    const struct peak_row *row = peak_find(peak_class, implied_features(needs) & ceilings->features);
    double *rate = row ? cached_rate(ceilings, row) : NULL;
    if (rate && *rate <= 0)
        *rate = measure_flops(row);
    return rate ? *rate : 0;
}

double ceilings_read_bandwidth(struct ceilings *ceilings)
{
    const struct peak_row *row = peak_find(PEAK_READ, ceilings->features);
    double *rate = row ? cached_rate(ceilings, row) : NULL;
    if (rate && *rate <= 0)
        *rate = measure_read(row, ceilings->stream_bytes);
    return rate ? *rate : 0;
}

size_t ceilings_stream_bytes(size_t l3_bytes)
{
    const size_t mib = 1024 * 1024;
    size_t wanted = 2 * l3_bytes;
    if (wanted < 64 * mib)
        wanted = 64 * mib;
    return wanted < 128 * mib ? wanted : 128 * mib;
}
