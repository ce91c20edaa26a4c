/* aslr.c: starts the program anew without address space layout randomization.
 *
 * The personality flag takes effect at the next exec, so the program replaces itself once: same process id, same
 * arguments, same open files. A variable that holds the process id tells the second start from the first, whether the
 * flag survived or not (security modules, set-user-id programs and some containers clear it): there is no way to go
 * round twice. It is taken out of the environment again, so that nothing the benchmark starts sees it. */
#include "harness/benchmark/internal.h"
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#define GUARD "PRONY_ASLR_REENTERED"

/* Of fixed width: the length of the environment moves the stack, which is what must stay put. */
static void format_guard(char *buffer, size_t size)
{
    snprintf(buffer, size, "%010ld", (long)getpid());
}

/* True once in the second start of this very process. A guard of another process (inherited by mistake) is only taken
 * away. */
static bool take_guard(void)
{
    char own[24];
    const char *guard = getenv(GUARD);
    if (!guard)
        return false;
    format_guard(own, sizeof own);
    bool reentered = strcmp(guard, own) == 0;
    unsetenv(GUARD);
    return reentered;
}

static int has_interpreter(struct dl_phdr_info *program, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (size_t i = 0; i < program->dlpi_phnum; i++)
        if (program->dlpi_phdr[i].p_type == PT_INTERP)
            return 2;
    return 1; /* not 0: the first object is the program, the others do not matter */
}

/* Started as an argument of the dynamic loader: then /proc/self/exe is the loader, which would take our arguments for
 * its own. */
static bool is_run_by_loader(void)
{
    return getauxval(AT_BASE) == 0 && dl_iterate_phdr(has_interpreter, NULL) == 2;
}

/* An exec would leave valgrind, which cannot randomize anyway. */
static bool is_run_by_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload");
}

static bool is_wanted(void)
{
    const char *keep = getenv("PRONY_KEEP_ASLR");
    return !(keep && benchmark_flags_is_true(keep)) && !is_run_by_valgrind() && !is_run_by_loader();
}

/* The program's own path, so that it keeps its name in ps and perf; the link itself where the file was deleted or
 * replaced since. */
static void find_program(char *path, size_t size)
{
    static const char link[] = "/proc/self/exe";
    struct stat running, found;
    ssize_t length = readlink(link, path, size - 1);
    path[length > 0 ? length : 0] = 0;
    if (length <= 0 || stat(link, &running) || stat(path, &found) || running.st_ino != found.st_ino ||
        running.st_dev != found.st_dev)
        snprintf(path, size, "%s", link);
}

void benchmark_maybe_reenter_without_aslr(int argc, char **argv)
{
    char path[PATH_MAX], guard[24];
    bool reentered = take_guard();
    if (argc < 1 || !argv || !argv[0] || reentered || !is_wanted())
        return;
    int before = personality(0xffffffff);
    if (before == -1 || before & ADDR_NO_RANDOMIZE)
        return;
    if (personality((unsigned long)before | ADDR_NO_RANDOMIZE) == -1)
        return;
    find_program(path, sizeof path);
    format_guard(guard, sizeof guard);
    /* Nothing is flushed: what constructors have buffered, they will print in the second start. */
    if (setenv(GUARD, guard, 1) == 0)
        execv(path, argv);
    unsetenv(GUARD);
    personality((unsigned long)before); /* so that the context tells the truth */
}
