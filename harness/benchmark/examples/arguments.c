/* arguments.c: one function, many cases: each tuple of arguments is a case with a name of its own.
 *
 * $ ./arguments --benchmark_list_tests
 * BM_fill/64
 * BM_fill/4096
 * BM_multiply/rows:8/columns:16
 * BM_multiply/rows:32/columns:8
 * BM_product/1/10
 * BM_product/2/10
 * BM_product/1/20
 * BM_product/2/20
 */
#include <prony/benchmark.h>
#include <string.h>

static void BM_fill(struct benchmark_state *state)
{
    char memory[4096];
    size_t size = (size_t)benchmark_state_range(state, 0);
    while (benchmark_state_keep_running(state)) {
        memset(memory, 1, size);
        benchmark_do_not_optimize(memory);
    }
}
BENCHMARK_WITH(BM_fill, benchmark_arg(family, 64); benchmark_arg(family, 4096));

static void BM_multiply(struct benchmark_state *state)
{
    int64_t rows = benchmark_state_range(state, 0), columns = benchmark_state_range(state, 1);
    while (benchmark_state_keep_running(state))
        benchmark_do_not_optimize(rows * columns);
}
BENCHMARK_WITH(BM_multiply, benchmark_args(family, (const int64_t[]){ 8, 16 }, 2);
               benchmark_args(family, (const int64_t[]){ 32, 8 }, 2);
               benchmark_arg_names(family, (const char *const[]){ "rows", "columns" }, 2));

/* Every combination of the lists; the first one varies fastest. */
static const struct benchmark_list lists[] = { { (const int64_t[]){ 1, 2 }, 2 }, { (const int64_t[]){ 10, 20 }, 2 } };

static void BM_product(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_do_not_optimize(benchmark_state_range(state, 0) + benchmark_state_range(state, 1));
}
BENCHMARK_WITH(BM_product, benchmark_args_product(family, lists, 2));

BENCHMARK_MAIN();
