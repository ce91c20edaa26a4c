/* caller.cc: the same library from C++ (11 or newer). Captures take a variable; lists are arrays.
 *
 * $ ./caller --benchmark_dry_run
 * BM_push_back/1000 ... items_per_second=...
 * BM_find/words ... found=1
 */
#include <prony/benchmark.h>
#include <set>
#include <string>
#include <vector>

static void BM_push_back(benchmark_state *state)
{
    auto count = benchmark_state_range(state, 0);
    while (benchmark_state_keep_running(state)) {
        std::vector<int> values;
        for (int i = 0; i < count; i++)
            values.push_back(i);
        benchmark_do_not_optimize(values.data());
        benchmark_clobber_memory();
    }
    benchmark_state_set_items_processed(state, benchmark_state_iterations(state) * count);
}
BENCHMARK_WITH(BM_push_back, benchmark_arg(family, 1000));

static std::set<std::string> words = { "one", "two", "three" };

static void BM_find(benchmark_state *state)
{
    auto set = static_cast<std::set<std::string> *>(benchmark_state_user_data(state));
    bool found = false;
    while (benchmark_state_keep_running(state)) {
        found = set->find("two") != set->end();
        benchmark_do_not_optimize(found);
    }
    benchmark_state_set_counter(state, "found", found, BENCHMARK_COUNTER_PLAIN);
}
BENCHMARK_CAPTURE(BM_find, words, &words);

BENCHMARK_MAIN();
