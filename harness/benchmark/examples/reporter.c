/* reporter.c: a reporter of the program's own: one line of text a record, in a format that fits the program.
 *
 * $ ./reporter
 * BM_device/iterations:10/repeats:2/manual_time took 250 ns (10 iterations)
 * BM_device/iterations:10/repeats:2/manual_time took 250 ns (10 iterations)
 * BM_device/iterations:10/repeats:2/manual_time_mean took 250 ns (2 iterations)
 * 1 case
 */
#include <prony/reporter.h>

static void report_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[256];
        benchmark_run_name(&runs[i], name, sizeof name);
        if (runs[i].skipped == BENCHMARK_NOT_SKIPPED)
            fprintf(reporter->out, "%s took %.0f %s (%lld iterations)\n", name, benchmark_run_real_time(&runs[i]),
                    benchmark_unit_name(runs[i].unit), (long long)runs[i].iterations);
        else
            fprintf(reporter->out, "%s: %s\n", name, runs[i].skip_message);
    }
}

static const struct benchmark_reporter_ops ops = { .report_runs = report_runs };

static void BM_device(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 250e-9);
}
BENCHMARK_WITH(BM_device, benchmark_iterations(family, 10); benchmark_repetitions(family, 2);
               benchmark_use_manual_time(family));

int main(int argc, char **argv)
{
    struct benchmark_reporter display = { .ops = &ops };
    benchmark_initialize(&argc, argv);
    if (benchmark_report_unrecognized_arguments(argc, argv))
        return 1;
    size_t matched = benchmark_run_specified_with(&display, NULL, NULL);
    printf("%zu case\n", matched);
    int status = benchmark_exit_status();
    benchmark_shutdown();
    return status;
}
