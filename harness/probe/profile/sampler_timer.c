/* sampler_timer.c: how the library gets into the program. */
#include "harness/probe/profile/sampler_timer.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* build/bin/prony -> build/lib, and so wherever it is installed. */
static bool find_library(char *path, size_t size)
{
    char directory[PATH_MAX], resolved[PATH_MAX];
    if (!file_program_directory(directory, sizeof directory))
        return false;
    char *joined = mem_format("%s/../lib/libprony_sampler.so", directory);
    bool found = realpath(joined, resolved) && (size_t)snprintf(path, size, "%s", resolved) < size;
    free(joined);
    return found;
}

static bool is_static(const char *path)
{
    struct file_map map;
    bool dynamic = true;
    if (file_map_open(&map, path, NULL) != 0)
        return false;
    const Elf64_Ehdr *header = (const void *)map.data;
    if (map.size_bytes >= sizeof *header && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
        header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_phentsize == sizeof(Elf64_Phdr) &&
        header->e_phoff % 8 == 0 && header->e_phoff < map.size_bytes &&
        header->e_phnum <= (map.size_bytes - header->e_phoff) / sizeof(Elf64_Phdr)) {
        const Elf64_Phdr *programs = (const void *)(map.data + header->e_phoff);
        dynamic = false;
        for (size_t i = 0; i < header->e_phnum; i++)
            dynamic = dynamic || programs[i].p_type == PT_INTERP;
    }
    file_map_close(&map);
    return !dynamic;
}

int sampler_timer_check(const char *program, struct error *error)
{
    char path[PATH_MAX];
    if (!find_library(path, sizeof path))
        return error_set(error, ERROR_UNSUPPORTED,
                         "libprony_sampler.so is not in ../lib beside this program (make "
                         "build makes it)");
    if (file_find_program(program, path, sizeof path) && is_static(path))
        return error_set(error, ERROR_UNSUPPORTED,
                         "%s is statically linked, so no sampler can be loaded into it: it needs perf_event_open",
                         program);
    return 0;
}

int sampler_timer_environment(const struct sampler_options *options, int fd, const char *const *environment,
                              char ***result, struct error *error)
{
    char library[PATH_MAX];
    size_t count = 0, used = 0;
    const char *preload = getenv("LD_PRELOAD");
    *result = NULL;
    if (!find_library(library, sizeof library))
        return error_set(error, ERROR_UNSUPPORTED, "libprony_sampler.so is not there any more");
    while (environment && environment[count])
        count++;
    char **list = mem_array(count + 3, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        if (str_starts(environment[i], "LD_PRELOAD="))
            preload = environment[i] + strlen("LD_PRELOAD=");
        else
            list[used++] = mem_strdup(environment[i]);
    }
    bool has_others = preload && *preload;
    list[used++] = mem_format("LD_PRELOAD=%s%s%s", library, has_others ? ":" : "", has_others ? preload : "");
    list[used] = mem_format("PRONY_SAMPLER=%d:%zu:/proc/%ld/fd/%d", options->frequency_hz, options->stack_bytes,
                            (long)getpid(), fd);
    *result = list;
    return 0;
}

void sampler_timer_free(char **environment)
{
    for (size_t i = 0; environment && environment[i]; i++)
        free(environment[i]);
    free(environment);
}

double sampler_timer_limit_hz(void)
{
    struct timespec tick;
    if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_sec != 0 || tick.tv_nsec <= 0)
        return 0;
    return 1e9 / (double)tick.tv_nsec;
}
