/* setup.c: setup and teardown surround every run of the function, each trial of an iteration count among them;
 * setup_case and teardown_case only the case as a whole: the place to load what takes long.
 *
 * $ ./setup --benchmark_min_time=5x --benchmark_repetitions=3 --benchmark_report_aggregates_only
 * load
 * set up
 * tear down
 * set up
 * tear down
 * set up
 * tear down
 * unload
 * BM_use_mean ...
 */
#include <prony/benchmark.h>

static int model = 42;

static void load(struct benchmark_state *state)
{
    puts("load");
    benchmark_state_set_fixture(state, &model); /* the function and all others of this case find it there */
}

static void set_up(struct benchmark_state *state)
{
    (void)state;
    puts("set up");
}

static void tear_down(struct benchmark_state *state)
{
    (void)state;
    puts("tear down");
}

static void unload(struct benchmark_state *state)
{
    if (*(int *)benchmark_state_fixture(state) == 42)
        puts("unload");
}

static void BM_use(struct benchmark_state *state)
{
    const int *data = benchmark_state_fixture(state);
    while (benchmark_state_keep_running(state))
        benchmark_do_not_optimize(*data);
}
BENCHMARK_WITH(BM_use, benchmark_setup_case(family, load); benchmark_setup(family, set_up);
               benchmark_teardown(family, tear_down); benchmark_teardown_case(family, unload));

BENCHMARK_MAIN();
