/* values.c: one iteration makes many tokens, or serves many requests: the time of each goes into the JSON, up to 4096
 * of them, and a digest shows that two builds computed the same.
 *
 * $ ./values --benchmark_format=json --benchmark_min_time=1x
 * "name": "BM_generate",
 * "prony_values_ns": [...100...200...300...]...
 * "prony_output_digest": ...
 */
#include <prony/benchmark.h>

static void BM_generate(struct benchmark_state *state)
{
    uint64_t digest = 14695981039346656037u;
    while (benchmark_state_keep_running(state))
        for (uint64_t token = 1; token <= 3; token++) {
            benchmark_state_add_value(state, 100.0 * (double)token); /* ns, by a clock of the program's */
            digest = (digest ^ token) * 1099511628211u;
        }
    benchmark_state_set_output_digest(state, digest);
}
BENCHMARK(BM_generate);

BENCHMARK_MAIN();
