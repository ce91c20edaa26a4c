/* skip.c: a case that cannot run says so; a label says what a case is.
 *
 * $ ./skip --benchmark_dry_run
 * BM_format/0 ... plain
 * BM_format/1 SKIPPED: 'format 1 is not in this build'
 * BM_format/2 ERROR OCCURRED: 'format 2: no such format'
 *
 * $ ./skip --benchmark_dry_run --prony_exit_code || echo "exit status $?"
 * exit status 1
 */
#include <prony/benchmark.h>

static void BM_format(struct benchmark_state *state)
{
    int format = (int)benchmark_state_range(state, 0);
    if (format == 1)
        benchmark_state_skip_with_message(state, "format %d is not in this build", format);
    else if (format != 0)
        benchmark_state_skip_with_error(state, "format %d: no such format", format);
    while (benchmark_state_keep_running(state)) /* does not run after a skip */
        benchmark_clobber_memory();
    benchmark_state_set_label(state, "plain");
}
BENCHMARK_WITH(BM_format, benchmark_dense_range(family, 0, 2, 1));

BENCHMARK_MAIN();
