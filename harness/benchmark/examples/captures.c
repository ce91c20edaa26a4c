/* captures.c: parameters of any type: the function gets a pointer to them.
 *
 * $ ./captures --benchmark_dry_run
 * BM_search/short ... position=1
 * BM_search/long/16 ... position=11
 */
#include <prony/benchmark.h>
#include <string.h>

struct options {
    const char *text;
    char wanted;
};

static void BM_search(struct benchmark_state *state)
{
    const struct options *options = benchmark_state_user_data(state);
    const char *found = NULL;
    while (benchmark_state_keep_running(state)) {
        found = strchr(options->text, options->wanted);
        benchmark_do_not_optimize(found);
    }
    benchmark_state_set_counter(state, "position", (double)(found - options->text), BENCHMARK_COUNTER_PLAIN);
}
BENCHMARK_CAPTURE(BM_search, short, &(struct options){ "hello", 'e' });
/* With modifiers, a pointer that has a comma in it stands in parentheses. */
BENCHMARK_CAPTURE_WITH(BM_search, long, (&(struct options){ "hello, world", 'd' }), benchmark_arg(family, 16));

BENCHMARK_MAIN();
