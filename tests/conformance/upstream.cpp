// upstream.cpp: the registrations of registrations.h, in the same order, written for Google Benchmark itself. Its output
// is what tests/conformance/golden holds; compare_with_upstream.sh builds and runs it. Not part of any build.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <vector>

using benchmark::Counter;
using benchmark::State;

// Debian's 1.7.1 lacks these; what misses there is not registered.
#ifdef BEFORE_1_8
namespace benchmark {
using Benchmark = internal::Benchmark;
struct ProfilerManager {
    virtual void AfterSetupStart() = 0;
    virtual void BeforeTeardownStop() = 0;
};
static void RegisterProfilerManager(ProfilerManager *) {}
} // namespace benchmark
#define SkipWithMessage SkipWithError
#endif

// ---- clocks ----

// They stand still unless a benchmark moves them, a tick of 2^-9 s at a time, and every thread has its own. The library
// finds this clock_gettime before libc's. From 1000 s on, seconds + nanoseconds * 1e-9 rounds to the exact number.
static thread_local struct {
    int64_t wall, thread, process; // ticks
} clocks;

static void pass(int64_t wall, int64_t thread, int64_t process)
{
    clocks.wall += wall;
    clocks.thread += thread;
    clocks.process += process;
}

extern "C" int clock_gettime(clockid_t clock, struct timespec *now) noexcept
{
    int64_t ticks;
    switch (clock) {
    case CLOCK_MONOTONIC: ticks = clocks.wall; break;
    case CLOCK_THREAD_CPUTIME_ID: ticks = clocks.thread; break;
    case CLOCK_PROCESS_CPUTIME_ID: ticks = clocks.process; break;
    default: return (int)syscall(SYS_clock_gettime, clock, now);
    }
    now->tv_sec = 1000 + ticks / 512;
    now->tv_nsec = ticks % 512 * 1953125;
    return 0;
}

// ---- macros ----

static void BM_basic(State &state)
{
    for (auto _ : state)
        pass(2, 1, 3);
}
BENCHMARK(BM_basic);
BENCHMARK(BM_basic)->Arg(3);
BENCHMARK(BM_basic)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_basic)->MeasureProcessCPUTime()->Unit(benchmark::kMicrosecond);

static void BM_captured(State &state, int extra, const char *text)
{
    for (auto _ : state)
        pass(1, extra, 1);
    state.SetLabel(text);
}
BENCHMARK_CAPTURE(BM_captured, first, 1, "one")->Iterations(3);
BENCHMARK_CAPTURE(BM_captured, second_case, 2, "two \"quoted\"")->Iterations(3)->Arg(-7);

template <class T> static void BM_templated(State &state)
{
    for (auto _ : state)
        pass(1, sizeof(T), 1);
}
BENCHMARK_TEMPLATE(BM_templated, int)->Iterations(4);
BENCHMARK_TEMPLATE(BM_templated, char)->Iterations(4)->Range(8, 64);

struct Fixture : benchmark::Fixture {
    int64_t value = 0;
    void SetUp(const State &state) override { value = 100 + (state.max_iterations > 0); }
    void TearDown(const State &) override {}
};
BENCHMARK_DEFINE_F(Fixture, Method)(State &state)
{
    for (auto _ : state)
        pass(1, 1, 1);
    state.counters["value"] = Counter((double)value, Counter::kAvgThreads);
}
BENCHMARK_REGISTER_F(Fixture, Method)->Iterations(5)->Arg(2)->Threads(1)->Threads(2);

// ---- functions ----

static void manual(State &state)
{
    while (state.KeepRunning()) {
        pass(2, 1, 3);
        state.SetIterationTime(150e-9);
    }
}

static void batches(State &state)
{
    while (state.KeepRunningBatch(7))
        pass(7, 7, 7);
}

// The time of one iteration in ns is the argument, divided by 1000.
static void thousandths(State &state)
{
    for (auto _ : state)
        state.SetIterationTime((double)state.range(0) / 1000 * 1e-9);
}

static void counters(State &state)
{
    for (auto _ : state) {
        pass(256, 128, 512);
        state.SetIterationTime(0.5);
    }
    state.counters["plain"] = Counter(7);
    state.counters["rate"] = Counter(1e6, Counter::kIsRate);
    state.counters["avg_threads"] = Counter(10, Counter::kAvgThreads);
    state.counters["avg_threads_rate"] = Counter(10, Counter::kAvgThreadsRate);
    state.counters["invariant"] = Counter(3, Counter::kIsIterationInvariant);
    state.counters["invariant_rate"] = Counter(3, Counter::kIsIterationInvariantRate);
    state.counters["avg_iterations"] = Counter(100, Counter::kAvgIterations);
    state.counters["avg_iterations_rate"] = Counter(100, Counter::kAvgIterationsRate);
    state.counters["inverted"] = Counter(1e4, Counter::kInvert);
    state.counters["rate_inverted"] = Counter(1e6, Counter::kIsRate | Counter::kInvert);
    state.counters["Upper"] = Counter(1e30);
    if (state.thread_index() == 0)
        state.counters["first_thread_only"] = Counter(5);
    state.SetBytesProcessed(1 << 20);
    state.SetItemsProcessed(150);
}

// One counter of the value in the argument, in both bases.
static void human(State &state)
{
    for (auto _ : state)
        pass(1, 1, 1);
    state.counters["k"] = Counter((double)state.range(0) / 1000);
    state.counters["Ki"] = Counter((double)state.range(0) / 1000, Counter::kDefaults, Counter::kIs1024);
}

static void other_counters(State &state)
{
    for (auto _ : state)
        pass(1, 1, 1);
    state.counters["a_counter_with_a_long_name"] = Counter(1536, Counter::kDefaults, Counter::kIs1024);
    state.SetLabel("a \"label\"\twith a tab, \\ and \xc3\xa4");
}

// Repetition r takes r + 1 quarters of a second an iteration.
static void growing(State &state)
{
    static int call = 0;
    call = call % (int)state.range(0) + 1;
    for (auto _ : state) {
        pass(128 * call, 64 * call, call);
        state.SetIterationTime(0.25 * call);
    }
    state.counters["call"] = Counter(call);
    state.SetLabel(state.range(1) ? "same" : std::to_string(call));
}

static void label_of_threads(State &state)
{
    for (auto _ : state)
        pass(4, 2, 8);
    state.SetLabel("threads");
    state.SetItemsProcessed(state.iterations());
    state.counters["index"] = state.thread_index();
}

// ---- skips ----

static void error_before(State &state)
{
    state.SkipWithError("something \"quoted\"");
    state.SkipWithError("a second message");
    for (auto _ : state)
        abort();
}

static void error_before_keep_running(State &state)
{
    state.SkipWithError("before");
    while (state.KeepRunning())
        abort();
}

static void error_inside(State &state)
{
    int i = 0;
    while (state.KeepRunning()) {
        pass(1, 1, 1);
        if (++i == 3)
            state.SkipWithError("inside");
    }
    state.SetLabel("kept");
    state.counters["kept"] = 1;
}

static void error_while_paused(State &state)
{
    for (auto _ : state) {
        state.PauseTiming();
        state.SkipWithError("paused");
        break;
    }
}

static void error_after(State &state)
{
    for (auto _ : state)
        pass(1, 1, 1);
    state.SkipWithError("after");
}

static void error_of_one_thread(State &state)
{
    if (state.thread_index() == state.threads() - 1)
        state.SkipWithError("the last thread");
    while (state.KeepRunning())
        pass(1, 1, 1);
}

static void error_of_first_repetition(State &state)
{
    static int call = 0;
    if (call++ % 3 == 0)
        state.SkipWithError("the first one");
    for (auto _ : state)
        pass(1, 1, 1);
    state.SetLabel("label");
    state.SetItemsProcessed(8);
}

static void skip_message(State &state)
{
    state.SkipWithMessage("not on this machine");
}

static void skip_message_inside(State &state)
{
    while (state.KeepRunning())
        state.SkipWithMessage("");
}

static void never_loops(State &state)
{
#ifdef BEFORE_1_8 // aborts there
    state.SkipWithError("The benchmark didn't run, nor was it explicitly skipped. Please call 'SkipWithXXX` in your "
                        "benchmark as appropriate.");
#else
    (void)state;
#endif
}

// ---- pauses and hooks ----

static void pauses(State &state)
{
    for (auto _ : state) {
        pass(1, 1, 1);
        state.PauseTiming();
        pass(1000, 1000, 1000);
        state.ResumeTiming();
        pass(1, 1, 1);
    }
}

static int setups, teardowns;
static void count_setup(const State &)
{
    setups++;
}
static void count_teardown(const State &)
{
    teardowns++;
}
static void hooked(State &state)
{
    for (auto _ : state)
        pass(1, 1, 1);
    if (state.thread_index() == 0) {
        state.counters["setups"] = setups;
        state.counters["teardowns"] = teardowns;
    }
}

// ---- complexity: manual time follows the curve exactly, or nearly; CPU time is 3 ticks for every n ----

static double curve(int kind, double n)
{
    switch (kind) {
    case 1: return 1;
    case 2: return n;
    case 3: return n * n;
    case 4: return n * n * n;
    case 5: return n < 2 ? 0.0625 : (double)(63 - __builtin_clzll((unsigned long long)n));
    default: return n * (double)(63 - __builtin_clzll((unsigned long long)n));
    }
}

static void complexity(State &state)
{
    int64_t n = state.range(1);
    for (auto _ : state) {
        pass(3, 3, 3);
        state.SetIterationTime(42e-9 * curve((int)state.range(0), (double)n));
    }
    state.SetComplexityN(n);
}

static void complexity_cpu(State &state)
{
    int64_t n = state.range(0);
    for (auto _ : state)
        pass(2 * n, n, 5 * n);
    state.SetComplexityN(n);
}

// ---- managers ----

struct Memory : benchmark::MemoryManager {
    void Start() override {}
    void Stop(Result &result) override
    {
        result.num_allocs = 42;
        result.max_bytes_used = 42000;
        if (extended) {
            result.total_allocated_bytes = 84000;
            result.net_heap_growth = -7;
        }
    }
    bool extended = false;
#ifdef BEFORE_1_8
    void Stop(Result *result) override { Stop(*result); }
#endif
};

struct Profiler : benchmark::ProfilerManager {
    void AfterSetupStart() override { fprintf(stderr, "profiler: start\n"); }
    void BeforeTeardownStop() override { fprintf(stderr, "profiler: stop\n"); }
};

// ---- programmatic registration ----

static double last_value(const std::vector<double> &samples)
{
    return samples.back();
}
static double one_percent(const std::vector<double> &)
{
    return 0.01;
}
static double twice(benchmark::IterationCount n)
{
    return 2.0 * (double)n;
}
static void three_args(benchmark::Benchmark *family)
{
    family->Arg(1)->Arg(20)->Arg(300);
}

static void register_names()
{
    benchmark::RegisterBenchmark("BM_names", manual)->ArgNames({ "first", "", "third" })->Args({ 2, 5, 4 })->Iterations(2);
    benchmark::RegisterBenchmark("BM_old", manual)->Arg(7)->Name("BM_new")->Iterations(2);
    benchmark::RegisterBenchmark("BM_all", manual)
        ->ArgName("n")->Arg(8)->Iterations(2)->Repetitions(2)->MeasureProcessCPUTime()->UseManualTime()->Threads(2);
    benchmark::RegisterBenchmark("BM_min_time", BM_basic)->MinTime(0.0005)->MinWarmUpTime(0.0005)->UseRealTime();
    benchmark::RegisterBenchmark("BM_tiny", BM_basic)->MinTime(4e-5);
    benchmark::RegisterBenchmark("BM_both", BM_basic)->MeasureProcessCPUTime()->UseRealTime();
    benchmark::RegisterBenchmark("BM_\"quoted\"\\back\xc3\xa4", manual)->Iterations(1)->UseManualTime();
    benchmark::RegisterBenchmark("DISABLED_never", never_loops);
    benchmark::RegisterBenchmark("BM_range", thousandths)->RangeMultiplier(2)->Range(-8, 8)->Iterations(1)->UseManualTime();
    benchmark::RegisterBenchmark("BM_ranges", manual)->Ranges({ { 1, 64 }, { 3, 5 } })->Iterations(1);
    benchmark::RegisterBenchmark("BM_limits", manual)
        ->RangeMultiplier(1 << 20)->Range(INT64_MIN, INT64_MAX)->Iterations(1);
    benchmark::RegisterBenchmark("BM_dense", manual)->DenseRange(-2, 3, 2)->Iterations(1);
    benchmark::RegisterBenchmark("BM_product", manual)
        ->ArgsProduct({ { 1, 2 }, { 10, 20, 30 }, { 5 } })->ArgNames({ "x", "y", "z" })->Iterations(1);
    benchmark::RegisterBenchmark("BM_pair", manual)->ArgPair(3, 4)->RangePair(1, 2, 3, 4)->Iterations(1);
    benchmark::RegisterBenchmark("BM_applied", manual)->Apply(three_args)->Iterations(1);
    benchmark::RegisterBenchmark("BM_twin", manual)->Iterations(1);
    benchmark::RegisterBenchmark("BM_twin", manual)->Iterations(1);
}

static void register_numbers()
{
    for (int64_t value : { 1LL, 999LL, 1000LL, 9990LL, 9999LL, 99900LL, 100000LL, 123400LL, 1234500LL, 9999999999000LL,
                           10000000000000LL })
        benchmark::RegisterBenchmark("BM_times", thousandths)->Arg(value)->Iterations(4)->UseManualTime();
    benchmark::RegisterBenchmark("BM_repeated", manual)
        ->Iterations(5)->Repetitions(3)->UseManualTime()->ComputeStatistics("", last_value)
        ->ComputeStatistics("share", one_percent, benchmark::kPercentage);
    benchmark::RegisterBenchmark("BM_growing", growing)->Args({ 4, 1 })->Iterations(2)->Repetitions(4)->UseManualTime();
    benchmark::RegisterBenchmark("BM_labels", growing)->Args({ 3, 0 })->Iterations(1)->Repetitions(3)->UseRealTime();
    benchmark::RegisterBenchmark("BM_report_aggregates", growing)
        ->Args({ 3, 1 })->Iterations(1)->Repetitions(3)->ReportAggregatesOnly()->Unit(benchmark::kSecond);
    benchmark::RegisterBenchmark("BM_display_aggregates", growing)
        ->Args({ 3, 1 })->Iterations(1)->Repetitions(3)->DisplayAggregatesOnly()->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark("BM_no_aggregates_only", growing)
        ->Args({ 2, 1 })->Iterations(1)->Repetitions(2)->ReportAggregatesOnly(false);
    benchmark::RegisterBenchmark("BM_one_aggregate", manual)->Iterations(1)->Repetitions(1)->ReportAggregatesOnly();
    benchmark::RegisterBenchmark("BM_batches", batches)->Iterations(10);
    benchmark::RegisterBenchmark("BM_pauses", pauses)->Iterations(3);
    benchmark::RegisterBenchmark("BM_hooked", hooked)->Setup(count_setup)->Teardown(count_teardown)->MinTime(0.25);
    benchmark::RegisterBenchmark("BM_hooked_repeated", hooked)
        ->Setup(count_setup)->Teardown(count_teardown)->Iterations(3)->Repetitions(2)->Threads(3);
}

static void register_counters()
{
    for (benchmark::TimeUnit unit : { benchmark::kNanosecond, benchmark::kMicrosecond, benchmark::kMillisecond,
                                      benchmark::kSecond })
        benchmark::RegisterBenchmark("BM_counters", counters)->Iterations(4)->UseManualTime()->Unit(unit);
    benchmark::RegisterBenchmark("BM_counters_threads", counters)->Iterations(4)->UseManualTime()->ThreadRange(1, 4);
    benchmark::RegisterBenchmark("BM_counters_cpu", counters)->Iterations(4)->Threads(2);
    benchmark::RegisterBenchmark("BM_counters_real", counters)->Iterations(4)->Threads(2)->UseRealTime();
    benchmark::RegisterBenchmark("BM_counters_process", counters)->Iterations(4)->Threads(2)->MeasureProcessCPUTime();
    benchmark::RegisterBenchmark("BM_counters_repeated", counters)
        ->Iterations(4)->Repetitions(2)->UseManualTime()->ComputeStatistics("share", one_percent, benchmark::kPercentage);
    for (int64_t value : { 0LL, 1LL, 9LL, 10LL, 500LL, 999000LL, 999500LL, 1000000LL, 1023000LL, 1023500LL, 1024000LL,
                           1000000000LL, 1048576000LL, 1000000000000LL, 1073741824000LL, -1500000LL,
                           9000000000000000000LL })
        benchmark::RegisterBenchmark("BM_human", human)->Arg(value)->Iterations(1);
    benchmark::RegisterBenchmark("BM_other", other_counters)->Iterations(2);
    benchmark::RegisterBenchmark("BM_threads_dense", label_of_threads)->Iterations(2)->DenseThreadRange(1, 8, 3);
    benchmark::RegisterBenchmark("BM_threads_args", label_of_threads)
        ->Arg(1)->Arg(2)->Threads(1)->Threads(3)->UseRealTime()->MinTime(0.1);
}

static void register_skips()
{
    benchmark::RegisterBenchmark("BM_error_before", error_before);
    benchmark::RegisterBenchmark("BM_error_before_keep_running", error_before_keep_running)->Repetitions(2);
    benchmark::RegisterBenchmark("BM_error_inside", error_inside)->Iterations(10);
    benchmark::RegisterBenchmark("BM_error_while_paused", error_while_paused)->Iterations(10);
    benchmark::RegisterBenchmark("BM_error_after", error_after)->Iterations(10);
    benchmark::RegisterBenchmark("BM_error_of_one_thread", error_of_one_thread)->Iterations(10)->ThreadRange(1, 4);
    benchmark::RegisterBenchmark("BM_error_of_first", error_of_first_repetition)->Iterations(10)->Repetitions(3);
    benchmark::RegisterBenchmark("BM_skip", skip_message)->Arg(5);
    benchmark::RegisterBenchmark("BM_skip_inside", skip_message_inside)->Iterations(10);
    benchmark::RegisterBenchmark("BM_never_loops", never_loops);
}

static void register_complexity()
{
    const benchmark::BigO orders[] = { benchmark::o1, benchmark::oN, benchmark::oNSquared, benchmark::oNCubed,
                                       benchmark::oLogN, benchmark::oNLogN };
    for (int kind = 1; kind <= 6; kind++) {
        for (int automatic = 0; automatic < 2; automatic++) {
            auto *family = benchmark::RegisterBenchmark("BM_complexity", complexity);
            family->ArgNames({ "curve", "n" });
            for (int64_t n = 2; n <= 256; n *= 2)
                family->Args({ kind, n });
            family->Iterations(1)->UseManualTime()->Complexity(automatic ? benchmark::oAuto : orders[kind - 1]);
        }
    }
    benchmark::RegisterBenchmark("BM_complexity_cpu", complexity_cpu)
        ->RangeMultiplier(2)->Range(1, 64)->Iterations(2)->Unit(benchmark::kMillisecond)->Complexity();
    benchmark::RegisterBenchmark("BM_complexity_user", complexity_cpu)
        ->Range(1, 64)->Iterations(2)->Repetitions(2)->Complexity(twice);
    benchmark::RegisterBenchmark("BM_complexity_threads", complexity_cpu)
        ->Range(1, 64)->Iterations(2)->Threads(2)->UseRealTime()->Complexity(benchmark::oN);
    benchmark::RegisterBenchmark("BM_complexity_aggregates", complexity_cpu)
        ->Range(1, 64)->Iterations(2)->Repetitions(2)->ReportAggregatesOnly()->Complexity(benchmark::oNSquared);
    benchmark::RegisterBenchmark("BM_complexity_one", complexity_cpu)->Arg(4)->Iterations(2)->Complexity();
}

int main(int argc, char **argv)
{
    static Memory memory;
    static Profiler profiler;
    const char *managers = getenv("CONFORMANCE_MANAGERS");
    register_names();
    register_numbers();
    register_counters();
    register_skips();
    register_complexity();
    benchmark::AddCustomContext("zeta", "last \"quoted\"");
    benchmark::AddCustomContext("alpha", "first");
    benchmark::AddCustomContext("alpha", "first");
    memory.extended = managers && strstr(managers, "extended");
    if (managers && strstr(managers, "memory"))
        benchmark::RegisterMemoryManager(&memory);
    if (managers && strstr(managers, "profiler"))
        benchmark::RegisterProfilerManager(&profiler);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
