/* cpu.c: see cpu.h. */
#include "harness/base/cpu.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>

enum { XCR0_AVX = 0x6, XCR0_AVX512 = 0xe6, XCR0_AMX = 0x60000 };
/* asm/prctl.h of new kernels; older headers lack them. */
enum { ARCH_REQUEST_PERMISSION = 0x1023, XFEATURE_TILE_DATA = 18 };

/* Which register states the operating system saves (XCR0). */
static uint32_t saved_states(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static int has(uint32_t word, int bit)
{
    return (word >> bit) & 1;
}

static uint32_t detect_features(void)
{
    uint32_t a, b, c, d, features = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return 0;
    uint32_t leaf1_c = c;
    if (!has(leaf1_c, 27)) /* OSXSAVE: without it XGETBV does not exist */
        return 0;
    uint32_t states = saved_states();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return 0;
    uint32_t subleaves = a, leaf7_b = b, leaf7_c = c, leaf7_d = d, leaf71_a = 0;
    if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d))
        leaf71_a = a;
    int fma = has(leaf1_c, 12), f16c = has(leaf1_c, 29), avx = has(leaf1_c, 28);
    if ((states & XCR0_AVX) == XCR0_AVX && avx && fma && f16c && has(leaf7_b, 5) && has(leaf7_b, 8))
        features |= CPU_AVX2;
    if ((features & CPU_AVX2) && has(leaf71_a, 4))
        features |= CPU_AVXVNNI;
    int f = has(leaf7_b, 16), dq = has(leaf7_b, 17), cd = has(leaf7_b, 28), bw = has(leaf7_b, 30),
        vl = has(leaf7_b, 31);
    if ((features & CPU_AVX2) && (states & XCR0_AVX512) == XCR0_AVX512 && f && dq && cd && bw && vl)
        features |= CPU_AVX512;
    if ((features & CPU_AVX512) && has(leaf7_c, 11) && has(leaf7_c, 1))
        features |= CPU_AVX512VNNI;
    if ((features & CPU_AVX512VNNI) && has(leaf71_a, 5))
        features |= CPU_AVX512BF16;
    int tile = has(leaf7_d, 24), tile_int8 = has(leaf7_d, 25), tile_bf16 = has(leaf7_d, 22);
    if ((features & CPU_AVX512BF16) && (states & XCR0_AMX) == XCR0_AMX && tile && tile_int8 && tile_bf16 &&
        syscall(SYS_arch_prctl, ARCH_REQUEST_PERMISSION, XFEATURE_TILE_DATA) == 0)
        features |= CPU_AMX;
    return features;
}

static void detect_identity(struct cpu_info *info)
{
    uint32_t a, b, c, d;
    if (__get_cpuid(0, &a, &b, &c, &d)) {
        memcpy(info->vendor, &b, 4);
        memcpy(info->vendor + 4, &d, 4);
        memcpy(info->vendor + 8, &c, 4);
    }
    if (__get_cpuid(1, &a, &b, &c, &d)) {
        int family = (a >> 8) & 15, model = (a >> 4) & 15;
        info->model = family == 6 || family == 15 ? model | (int)((a >> 12) & 0xf0) : model;
        info->family = family == 15 ? family + (int)((a >> 20) & 0xff) : family;
        info->stepping = (int)(a & 15);
    }
    char brand[49] = "";
    for (uint32_t i = 0; i < 3; i++) {
        if (!__get_cpuid(0x80000002u + i, &a, &b, &c, &d))
            return;
        uint32_t words[4] = { a, b, c, d };
        memcpy(brand + 16 * i, words, 16);
    }
    snprintf(info->model_name, sizeof info->model_name, "%s", brand + strspn(brand, " "));
}

#else

static uint32_t detect_features(void)
{
    return 0;
}

static void detect_identity(struct cpu_info *info)
{
    struct utsname name;
    if (uname(&name) == 0)
        snprintf(info->vendor, sizeof info->vendor, "%.15s", name.machine);
}

#endif

static size_t cache_bytes(int name)
{
    long size = sysconf(name);
    return size > 0 ? (size_t)size : 0;
}

void cpu_detect(struct cpu_info *info)
{
    *info = (struct cpu_info){ 0 };
    info->features = detect_features();
    detect_identity(info);
    info->online_count = cpu_allowed(NULL, 0);
    info->l1d_bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE);
    info->l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE);
    info->l3_bytes = cache_bytes(_SC_LEVEL3_CACHE_SIZE);
}

/* Lowest level first; a limit keeps its own bit and all before it. */
static const struct {
    const char *name;
    uint32_t feature;
} levels[] = {
    { "scalar", 0 },
    { "avx2", CPU_AVX2 },
    { "avxvnni", CPU_AVXVNNI },
    { "avx512", CPU_AVX512 },
    { "avx512vnni", CPU_AVX512VNNI },
    { "avx512bf16", CPU_AVX512BF16 },
    { "amx", CPU_AMX },
};
enum { LEVEL_COUNT = sizeof levels / sizeof levels[0] };

int cpu_limit_features(uint32_t features, const char *limit, uint32_t *limited, struct error *error)
{
    if (!limit || !*limit || strcmp(limit, "native") == 0) {
        *limited = features;
        return 0;
    }
    uint32_t keep = 0;
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        keep |= levels[i].feature;
        if (strcmp(limit, levels[i].name) == 0) {
            *limited = features & keep;
            return 0;
        }
    }
    return error_set(error, ERROR_USAGE,
                     "unknown instruction set '%.40s' (known: native, scalar, avx2, avxvnni, avx512, avx512vnni, "
                     "avx512bf16, amx)",
                     limit);
}

char *cpu_feature_names(uint32_t features, char *buffer, size_t size)
{
    size_t length = 0;
    snprintf(buffer, size, "scalar");
    for (size_t i = 1; i < LEVEL_COUNT; i++)
        if ((features & levels[i].feature) && length < size)
            length += (size_t)snprintf(buffer + length, size - length, "%s%s", length ? " " : "", levels[i].name);
    return buffer;
}

int cpu_allowed(int *cpus, int capacity)
{
    cpu_set_t set;
    int count = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        CPU_ZERO(&set);
        for (long i = 0; i < (online > 0 ? online : 1) && i < CPU_SETSIZE; i++)
            CPU_SET((size_t)i, &set);
    }
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET((size_t)i, &set))
            continue;
        if (count < capacity)
            cpus[count] = i;
        count++;
    }
    return count;
}

static bool parse_number(const char **text, int *number)
{
    char *end;
    long parsed = strtol(*text, &end, 10);
    if (!isdigit((unsigned char)**text) || parsed >= CPU_SETSIZE)
        return false;
    *number = (int)parsed;
    *text = end;
    return true;
}

static int add_cpus(int first, int last, int **cpus, int *count, struct error *error)
{
    cpu_set_t set;
    bool known = sched_getaffinity(0, sizeof set, &set) == 0;
    *cpus = mem_resize(*cpus, (size_t)(*count + last - first + 1), sizeof **cpus);
    for (int cpu = first; cpu <= last; cpu++) {
        if (known && !CPU_ISSET((size_t)cpu, &set))
            return error_set(error, ERROR_USAGE, "this process may not run on CPU %d", cpu);
        (*cpus)[(*count)++] = cpu;
    }
    return 0;
}

int cpu_parse_list(const char *text, int **cpus, int *count, struct error *error)
{
    const char *rest = text;
    int code = 0;
    *cpus = NULL;
    *count = 0;
    do {
        int first, last;
        bool good = parse_number(&rest, &first);
        last = first;
        if (good && *rest == '-') {
            rest++;
            good = parse_number(&rest, &last) && last >= first;
        }
        if (!good || (*rest && *rest != ','))
            code = error_set(error, ERROR_USAGE, "'%.100s' is no list of CPUs such as 0,2-3", text);
        else
            code = add_cpus(first, last, cpus, count, error);
    } while (!code && *rest++ == ',');
    if (code) {
        free(*cpus);
        *cpus = NULL;
        *count = 0;
    }
    return code;
}

int cpu_pin_thread(const int *cpus, int count, struct error *error)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < count; i++)
        if (cpus[i] >= 0 && cpus[i] < CPU_SETSIZE)
            CPU_SET((size_t)cpus[i], &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        return error_system(error, errno, "cannot pin the thread to CPU %d", count ? cpus[0] : -1);
    return 0;
}
