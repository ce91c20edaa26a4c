/* cpus.c: CPU lists and the choice of CPUs for a case. */
#include "harness/run/cpus.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "0-3,8" -> set. False on anything else, on an empty list and on numbers above CPU_SETSIZE. */
static bool parse_list(const char *text, cpu_set_t *set)
{
    CPU_ZERO(set);
    const char *p = text;
    for (;;) {
        size_t range[2];
        for (int i = 0; i < 2; i++) {
            if (*p < '0' || *p > '9')
                return false;
            size_t number = 0;
            for (; *p >= '0' && *p <= '9'; p++) {
                number = number * 10 + (size_t)(*p - '0');
                if (number >= CPU_SETSIZE)
                    return false;
            }
            range[i] = range[1] = number;
            if (i == 0 && *p != '-')
                break;
            if (i == 0)
                p++;
        }
        if (range[0] > range[1])
            return false;
        for (size_t cpu = range[0]; cpu <= range[1]; cpu++)
            CPU_SET(cpu, set);
        if (*p == 0)
            return true;
        if (*p++ != ',')
            return false;
    }
}

bool cpus_is_valid(const char *text)
{
    cpu_set_t set;
    return str_equal(text, "auto") || str_equal(text, "all") || str_equal(text, "one") || parse_list(text, &set);
}

/* The set of hardware threads of the core of cpu; only cpu itself if the system does not tell. */
static void read_siblings(const char *root, size_t cpu, cpu_set_t *set)
{
    char *path = mem_format("%s/sys/devices/system/cpu/cpu%zu/topology/thread_siblings_list", root, cpu);
    char *text = NULL;
    size_t size;
    if (file_read(path, &text, &size, NULL) == 0)
        text[strcspn(text, "\n")] = 0;
    if (!text || !parse_list(text, set)) {
        CPU_ZERO(set);
        CPU_SET(cpu, set);
    }
    free(text);
    free(path);
}

int cpus_detect(struct cpus *cpus, const char *root, struct error *error)
{
    cpu_set_t allowed, left;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return error_system(error, errno, "cannot read which CPUs may be used");
    cpus->count = 0;
    left = allowed;
    size_t second_threads[CPU_SETSIZE], second_count = 0, core0 = CPU_SETSIZE;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &left))
            continue;
        cpu_set_t siblings;
        read_siblings(root, cpu, &siblings);
        for (size_t other = cpu + 1; other < CPU_SETSIZE; other++) {
            if (CPU_ISSET(other, &siblings) && CPU_ISSET(other, &left)) {
                second_threads[second_count++] = other;
                CPU_CLR(other, &left);
            }
        }
        if (CPU_ISSET(0, &siblings))
            core0 = cpu;
        else
            cpus->order[cpus->count++] = cpu;
    }
    if (core0 < CPU_SETSIZE)
        cpus->order[cpus->count++] = core0;
    for (size_t i = 0; i < second_count; i++)
        cpus->order[cpus->count++] = second_threads[i];
    return 0;
}

int cpus_threads_of_case(const char *name)
{
    for (const char *p = name; (p = strstr(p, "threads:")) != NULL; p++) {
        if (p != name && p[-1] != '/')
            continue;
        int number = 0;
        const char *digit = p + 8;
        for (; *digit >= '0' && *digit <= '9' && number < CPU_SETSIZE; digit++)
            number = number * 10 + (*digit - '0');
        if (digit != p + 8 && (*digit == 0 || *digit == '/'))
            return number;
    }
    return 0;
}

int cpus_choose(const struct cpus *cpus, const char *setting, const char *case_name, cpu_set_t *set,
                struct error *error)
{
    CPU_ZERO(set);
    int wanted = cpus->count;
    if (str_equal(setting, "one"))
        wanted = 1;
    else if (str_equal(setting, "auto"))
        wanted = cpus_threads_of_case(case_name);
    else if (!str_equal(setting, "all")) {
        if (!parse_list(setting, set))
            return error_set(error, ERROR_USAGE, "cpus = %s: not a list of CPUs", setting);
        cpu_set_t allowed;
        CPU_ZERO(&allowed);
        for (int i = 0; i < cpus->count; i++)
            CPU_SET(cpus->order[i], &allowed);
        CPU_AND(&allowed, &allowed, set);
        if (!CPU_EQUAL(&allowed, set))
            return error_set(error, ERROR_USAGE, "cpus = %s: not all of these may be used here", setting);
        return 0;
    }
    if (wanted < 1 || wanted > cpus->count)
        wanted = cpus->count;
    for (int i = 0; i < wanted; i++)
        CPU_SET(cpus->order[i], set);
    return 0;
}

char *cpus_format(const cpu_set_t *set, char *buffer, size_t size)
{
    size_t length = 0;
    buffer[0] = 0;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, set))
            continue;
        size_t last = cpu;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
            last++;
        char part[32];
        snprintf(part, sizeof part, last > cpu ? "%s%zu-%zu" : "%s%zu", length ? "," : "", cpu, last);
        size_t part_length = strlen(part);
        if (length + part_length < size) {
            memcpy(buffer + length, part, part_length + 1);
            length += part_length;
        }
        cpu = last;
    }
    return buffer;
}
