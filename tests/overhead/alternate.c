/* alternate.c: runs two programs alternately with the same arguments and prints the medians of their CPU and wall time
 * in ms, and the median of the ratios of neighbouring runs.
 *     alternate ROUNDS FIRST SECOND ARGUMENT... */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct cost {
    double cpu_ms, wall_ms;
};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double milliseconds(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static int run(char *const *arguments, struct cost *cost)
{
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t child;
    int status;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    double start_ms = now_ms();
    int code = posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code || wait4(child, &status, 0, &usage) != child || status) {
        fprintf(stderr, "%s: failed\n", arguments[0]);
        return 1;
    }
    cost->wall_ms = now_ms() - start_ms;
    cost->cpu_ms = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
    return 0;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 3 ? (size_t)atoi(argv[1]) : 0;
    if (!rounds || rounds > 1000) {
        fputs("usage: alternate ROUNDS FIRST SECOND ARGUMENT...\n", stderr);
        return 2;
    }
    struct cost costs[2];
    double *values = calloc(6 * rounds, sizeof *values); /* cpu and wall of each program, and their ratios */
    char **arguments = argv + 3;
    for (size_t round = 0; values && round < rounds; round++) {
        for (size_t turn = 0; turn < 2; turn++) {
            size_t program = (round + turn) % 2; /* who goes first changes from round to round */
            char *second = argv[3];
            arguments[0] = argv[2 + program];
            int code = run(arguments, &costs[program]);
            arguments[0] = second;
            if (code)
                return 1;
        }
        values[round] = costs[0].cpu_ms;
        values[rounds + round] = costs[1].cpu_ms;
        values[2 * rounds + round] = costs[0].wall_ms;
        values[3 * rounds + round] = costs[1].wall_ms;
        values[4 * rounds + round] = costs[1].cpu_ms / costs[0].cpu_ms;
        values[5 * rounds + round] = costs[1].wall_ms / costs[0].wall_ms;
    }
    if (!values)
        return 1;
    printf("%.3f %.3f %.3f %.3f %.2f %.2f\n", median(values, rounds), median(values + rounds, rounds),
           median(values + 2 * rounds, rounds), median(values + 3 * rounds, rounds),
           median(values + 4 * rounds, rounds), median(values + 5 * rounds, rounds));
    free(values);
    return 0;
}
