/* profile_target.c: a program whose call stacks are known, for profile_test.c: compiled by it at -O2 without frame
 * pointers. Work is counted, not timed: a unit of work is the same number of dependent operations wherever it is done.
 *
 *     profile_target tree N      main -> outer -> middle -> leaf, with units of work 3:1 in heavy and light
 *     profile_target recurse N   eight calls deep
 *     profile_target callback N  qsort of libc calls back
 *     profile_target threads N   threads "alpha" and "beta" with functions of their own, alpha with thrice the work
 *     profile_target inline N    work in a function that is inlined into its caller
 *     profile_target signal N    work in a signal handler
 *     profile_target deep N      a stack larger than any copy of it
 *     profile_target fork N      a child process that works
 *     profile_target crash N     works, then dies of SIGSEGV
 *     profile_target status N    works, then exits with status 7
 *     profile_target even N      two threads with the same work; prints "took <CPU seconds> <seconds>"
 * (scripts/profile-cost) */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
/* What stands after a call keeps it from becoming a jump. */
#define KEEP __asm__ volatile("" ::: "memory")

static volatile uint64_t sink;

/* A unit: a chain of dependent operations, about a millisecond. A leaf: it calls nothing and needs no stack frame. */
#define UNIT(value)                                                         \
    do {                                                                    \
        for (int step = 0; step < 700000; step++) {                         \
            (value) = ((value) << 7 | (value) >> 57) * 0x9e3779b97f4a7c15u; \
            __asm__ volatile("" : "+r"(value));                             \
        }                                                                   \
    } while (0)

NOINLINE static uint64_t work_heavy(uint64_t value)
{
    UNIT(value);
    UNIT(value);
    UNIT(value);
    return value;
}

NOINLINE static uint64_t work_light(uint64_t value)
{
    UNIT(value);
    return value;
}

NOINLINE static uint64_t leaf(uint64_t value)
{
    value = work_heavy(value);
    KEEP;
    return value + work_light(value + 1);
}

NOINLINE static uint64_t middle(uint64_t value)
{
    value += leaf(value);
    KEEP;
    return value;
}

NOINLINE static uint64_t outer(uint64_t value)
{
    value += middle(value);
    KEEP;
    return value;
}

static void run_tree(int count)
{
    for (int i = 0; i < count; i++)
        sink += outer(sink);
}

NOINLINE static uint64_t recurse(int depth, uint64_t value)
{
    value = depth == 0 ? work_light(value) : recurse(depth - 1, value + 1);
    KEEP;
    return value + 1;
}

static void run_recurse(int count)
{
    for (int i = 0; i < count; i++)
        sink += recurse(7, sink);
}

NOINLINE static int compare(const void *a, const void *b)
{
    uint64_t value = *(const unsigned char *)a;
    UNIT(value);
    sink += value;
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

static void run_callback(int count)
{
    for (int i = 0; i < count; i++) {
        unsigned char bytes[2] = { 2, 1 };
        qsort(bytes, 2, 1, compare);
        sink += bytes[0];
    }
}

NOINLINE static uint64_t alpha_work(uint64_t value)
{
    value += work_heavy(value);
    KEEP;
    return value;
}

NOINLINE static uint64_t beta_work(uint64_t value)
{
    value += work_light(value);
    KEEP;
    return value;
}

static int thread_units;

static void *run_alpha(void *context)
{
    uint64_t value = 1;
    pthread_setname_np(pthread_self(), "alpha");
    for (int i = 0; i < thread_units; i++)
        value += alpha_work(value);
    sink += value;
    return context;
}

static void *run_beta(void *context)
{
    uint64_t value = 1;
    pthread_setname_np(pthread_self(), "beta");
    for (int i = 0; i < thread_units; i++)
        value += beta_work(value);
    sink += value;
    return context;
}

static void run_threads(int count)
{
    pthread_t alpha, beta;
    thread_units = count;
    if (pthread_create(&alpha, NULL, run_alpha, NULL) != 0 || pthread_create(&beta, NULL, run_beta, NULL) != 0)
        exit(3);
    pthread_join(alpha, NULL);
    pthread_join(beta, NULL);
}

__attribute__((always_inline)) static inline uint64_t inlined(uint64_t value)
{
    UNIT(value);
    return value;
}

NOINLINE static uint64_t holder(uint64_t value)
{
    value += inlined(value);
    KEEP;
    return value;
}

static void run_inline(int count)
{
    for (int i = 0; i < count; i++)
        sink += holder(sink);
}

static void on_signal(int number)
{
    sink += work_light((uint64_t)number);
    KEEP;
}

NOINLINE static void raise_it(void)
{
    raise(SIGUSR1);
    KEEP;
}

static void run_signal(int count)
{
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < count; i++)
        raise_it();
}

NOINLINE static uint64_t deep(int depth, uint64_t value)
{
    volatile char room[1024];
    room[0] = (char)depth;
    room[sizeof room - 1] = 0;
    value = depth == 0 ? work_light(value) : deep(depth - 1, value);
    return value + (uint64_t)room[0];
}

static void run_deep(int count)
{
    for (int i = 0; i < count; i++)
        sink += deep(100, sink);
}

NOINLINE static uint64_t child_work(uint64_t value)
{
    value ^= work_light(value + 5);
    KEEP;
    return value;
}

NOINLINE static void run_fork(int count)
{
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < count; i++)
            sink += child_work(sink);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
}

static void run_crash(int count)
{
    run_tree(count);
    raise(SIGSEGV);
}

/* Signals that come while the program does not want them. */
static void run_block(int count)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    sigprocmask(SIG_BLOCK, &set, NULL);
    run_tree(count);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

__attribute__((noinline, noreturn)) static void work_and_leave(int count)
{
    for (int i = 0; i < count; i++)
        sink += work_light(sink);
    puts("done");
    exit(0);
}

/* Its last instruction is a call: the address to return to is that of whatever comes behind it. */
__attribute__((noinline, noreturn)) static void never_back(int count)
{
    volatile int kept[16];
    kept[0] = count;
    work_and_leave(kept[0]);
}

static void run_leave(int count)
{
    never_back(count);
}

/* Takes all numbers of files that a sampler inside this program might have. */
static void run_files(int count)
{
    int kept = open("kept", O_CREAT | O_TRUNC | O_WRONLY, 0600);
    for (int fd = 3; fd < 600; fd++)
        if (fd != kept && dup2(kept, fd) < 0)
            exit(3);
    run_tree(count);
}

static void run_status(int count)
{
    run_tree(count);
    exit(7);
}

static void *run_light(void *context)
{
    uint64_t value = 1;
    for (int i = 0; i < thread_units; i++)
        value += beta_work(value);
    sink += value;
    return context;
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_even(int count)
{
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    pthread_t other;
    thread_units = count;
    if (pthread_create(&other, NULL, run_light, NULL) != 0)
        exit(3);
    run_light(NULL);
    pthread_join(other, NULL);
    printf("took %.6f %.6f\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, seconds(CLOCK_MONOTONIC) - wall);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(int count);
    } modes[] = { { "tree", run_tree },       { "recurse", run_recurse }, { "callback", run_callback },
                  { "threads", run_threads }, { "inline", run_inline },   { "signal", run_signal },
                  { "deep", run_deep },       { "fork", run_fork },       { "crash", run_crash },
                  { "status", run_status },   { "even", run_even },       { "files", run_files },
                  { "leave", run_leave },     { "block", run_block } };
    if (argc != 3)
        return 2;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(modes[i].name, argv[1]) != 0)
            continue;
        modes[i].run(atoi(argv[2]));
        puts("done");
        return 0;
    }
    return 2;
}
