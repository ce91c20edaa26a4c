/* cmd_synth.c: prony-engine synth: writes a model with random weights. */
#include "engines/native/synth.h"
#include "engines/native/synth_plan.h"
#include "engines/native/synth_shape.h"
#include "engines/native/tool/command.h"
#include "harness/base/clock.h"
#include "harness/base/cpu.h"
#include "harness/base/str.h"
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void print_list(void)
{
    printf("shapes:\n");
    for (size_t i = 0; i < synth_shape_count; i++) {
        const struct synth_shape *shape = &synth_shapes[i];
        printf("  %-14s %-6s %2zu layers, width %4zu, ff %5zu, %2zu heads / %zu kv x %3zu, vocabulary %6zu%s\n",
               shape->name, shape->architecture, shape->layers, shape->width, shape->ff_width, shape->heads,
               shape->kv_heads, shape->head_size, shape->vocab_size, shape->tied ? ", tied" : "");
    }
    printf("formats:\n ");
    for (size_t i = 0; i < synth_mix_count; i++)
        printf(" %s", synth_mixes[i].name);
    printf("\n");
}

struct progress {
    int64_t start_ns, shown_ns;
    bool terminal;
};

/* Ctrl-C, a closed terminal and SIGTERM wait while the file is written, so that the unfinished one is removed before
 * they take effect. */
static void hold_signals(int how)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(how, &signals, NULL);
}

static bool is_interrupted(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGHUP) == 1 ||
                                         sigismember(&pending, SIGTERM) == 1);
}

/* A line that rewrites itself, five times a second. */
static bool show_progress(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct progress *progress = context;
    int64_t now_ns = clock_wall_ns();
    if (progress->terminal && now_ns - progress->shown_ns >= 200000000) {
        double part = (double)done_bytes / (double)total_bytes;
        double left = part > 0 ? (double)(now_ns - progress->start_ns) * 1e-9 * (1 - part) / part : 0;
        fprintf(stderr, "\r%3.0f %%, %.0f s left ", part * 100, left);
        progress->shown_ns = now_ns;
    }
    return !is_interrupted();
}

static int check_range(const struct command_line *line, const char *name, int64_t value, int64_t low, int64_t high)
{
    if (value >= low && value <= high)
        return COMMAND_OK;
    return command_misused(line, "%s %" PRId64 " is not between %" PRId64 " and %" PRId64, name, value, low, high);
}

static int run(struct synth_options *options)
{
    struct progress progress = { .start_ns = clock_wall_ns(), .terminal = isatty(STDERR_FILENO) };
    struct synth_result result;
    struct error error;
    options->progress = show_progress;
    options->progress_context = &progress;
    hold_signals(SIG_BLOCK);
    int code = synth_write(options, &result, &error);
    if (progress.shown_ns > 0)
        fprintf(stderr, "\r%24s\r", "");
    hold_signals(SIG_UNBLOCK);
    if (code != 0)
        return command_failed(&error);
    char size[32], time[32], rate[32];
    double seconds = (double)(clock_wall_ns() - progress.start_ns) * 1e-9;
    printf("%s: %s %s, %.1f million parameters, vocabulary %zu, %s in %s (%s/s)\n", options->path, options->shape,
           options->format, (double)result.parameters * 1e-6, result.vocab_size,
           str_bytes(size, sizeof size, (double)result.file_bytes), str_duration(time, sizeof time, seconds),
           str_bytes(rate, sizeof rate, (double)result.file_bytes / seconds));
    return COMMAND_OK;
}

int cmd_synth(int argc, char **argv)
{
    struct cpu_info cpu;
    cpu_detect(&cpu);
    struct synth_options options = { .format = "q8_0" };
    bool list = false;
    int64_t threads = cpu.online_count > 0 ? cpu.online_count : 1, vocab_size = 0, layers = 0;
    const struct option_row rows[] = {
        { "--shape", OPTION_TEXT, &options.shape, "NAME", "which model's shape" },
        { "--format", OPTION_TEXT, &options.format, "NAME", "number format or mix (q8_0)" },
        { "-o", OPTION_TEXT, &options.path, "FILE", "the GGUF file to write" },
        { "--seed", OPTION_U64, &options.seed, "N", "of the weights (0)" },
        { "--threads", OPTION_I64, &threads, "N", "(all CPUs); the bytes do not depend on it" },
        { "--vocab-from", OPTION_TEXT, &options.vocab_from, "FILE", "copy the tokenizer of this GGUF file" },
        { "--vocab-text", OPTION_TEXT, &options.vocab_text, "FILE", "train a tokenizer on this text (built-in text)" },
        { "--vocab-size", OPTION_I64, &vocab_size, "N", "tokens (the shape's, or the copied tokenizer's if more)" },
        { "--layers", OPTION_I64, &layers, "N", "fewer or more layers than published" },
        { "--list", OPTION_FLAG, &list, NULL, "print the shapes and formats" },
        { .name = NULL },
    };
    struct command_line line = { .usage = "synth --shape NAME [--format NAME] -o FILE [options]",
                                 .summary = "Writes a GGUF model of a published shape with seeded random weights.",
                                 .rows = rows };
    int exit_code;
    if (!command_parse(&line, argc, argv, &exit_code))
        return exit_code;
    if (list) {
        print_list();
        return COMMAND_OK;
    }
    if (options.shape == NULL)
        return command_misused(&line, "--shape is missing (--list shows all)");
    if (options.path == NULL)
        return command_misused(&line, "-o FILE is missing");
    if (options.vocab_from != NULL && options.vocab_text != NULL)
        return command_misused(&line, "give one of --vocab-from and --vocab-text");
    exit_code = check_range(&line, "--threads", threads, 1, 1024);
    if (exit_code == COMMAND_OK && vocab_size != 0)
        exit_code = check_range(&line, "--vocab-size", vocab_size, 300, 4000000);
    if (exit_code == COMMAND_OK && layers != 0)
        exit_code = check_range(&line, "--layers", layers, 1, 1000);
    if (exit_code != COMMAND_OK)
        return exit_code;
    options.threads = (int)threads;
    options.vocab_size = (size_t)vocab_size;
    options.layers = (size_t)layers;
    return run(&options);
}
