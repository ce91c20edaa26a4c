/* own_main.c: a program with flags of its own, which registers its cases when it knows what there is to measure, and
 * adds a line to the context.
 *
 * $ ./own_main --words=3 --benchmark_dry_run
 * words/1 ...
 * words/2 ...
 * words/3 ...
 *
 * $ ./own_main --wrong || echo "exit status $?"
 * exit status 1
 *
 * $ ./own_main --words=2 --benchmark_dry_run --benchmark_format=json
 * "words": "2"...
 */
#include <prony/benchmark.h>
#include <stdlib.h>
#include <string.h>

static void run(struct benchmark_state *state)
{
    const char *text = benchmark_state_user_data(state);
    while (benchmark_state_keep_running(state))
        benchmark_do_not_optimize(strlen(text));
}

int main(int argc, char **argv)
{
    static char text[] = "some text that was read from somewhere";
    int words = 1, kept = 1;
    benchmark_maybe_reenter_without_aslr(argc, argv);
    benchmark_set_help("          [--words=<count>]\n");
    benchmark_initialize(&argc, argv); /* takes its own flags out of argv */
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--words=", 8) == 0) {
            words = atoi(argv[i] + 8);
            benchmark_add_custom_context("words", argv[i] + 8);
        } else {
            argv[kept++] = argv[i];
        }
    }
    if (benchmark_report_unrecognized_arguments(kept, argv))
        return 1;
    for (int i = 1; i <= words; i++) {
        char name[32];
        snprintf(name, sizeof name, "words/%d", i);
        benchmark_register(name, run, text); /* the name is copied, the pointer is kept */
    }
    benchmark_run_specified();
    int status = benchmark_exit_status();
    benchmark_shutdown();
    return status;
}
