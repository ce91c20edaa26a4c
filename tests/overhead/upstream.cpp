// upstream.cpp: the registrations of ours.c with Google Benchmark. Built by scripts/bench-library only.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

static void BM_empty(benchmark::State &state)
{
    while (state.KeepRunning()) {
    }
}

// An empty range-for is deleted by the compiler, so it gets the cheapest body that stays.
static void BM_empty_loop(benchmark::State &state)
{
    for (auto _ : state)
        __asm__ volatile("");
}

static void BM_batch(benchmark::State &state)
{
    while (state.KeepRunningBatch(1000))
        for (int i = 0; i < 1000; i++)
            __asm__ volatile("" : : : "memory");
}

static void BM_pause(benchmark::State &state)
{
    while (state.KeepRunning()) {
        state.PauseTiming();
        state.ResumeTiming();
    }
}

int main(int argc, char **argv)
{
    const char *count = std::getenv("OVERHEAD_COUNT");
    for (int i = 0; count && i < std::atoi(count); i++)
        benchmark::RegisterBenchmark("BM_" + std::to_string(i), BM_empty);
    if (!count) {
        benchmark::RegisterBenchmark("BM_empty", BM_empty);
        benchmark::RegisterBenchmark("BM_empty_loop", BM_empty_loop);
        benchmark::RegisterBenchmark("BM_batch", BM_batch);
        benchmark::RegisterBenchmark("BM_pause", BM_pause)->UseRealTime();
        benchmark::RegisterBenchmark("BM_once", BM_empty)->Iterations(1)->Threads(1);
        benchmark::RegisterBenchmark("BM_once", BM_empty)->Iterations(1)->Threads(2);
        benchmark::RegisterBenchmark("BM_once", BM_empty)->Iterations(1)->Threads(8);
    }
    benchmark::MaybeReenterWithoutASLR(argc, argv);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
