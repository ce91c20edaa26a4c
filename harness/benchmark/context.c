/* context.c: what the machine looks like, from /proc, /sys and libc. What cannot be read is left out. */
#include "harness/benchmark/internal.h"
#include "harness/base/clock.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <time.h>
#include <unistd.h>

/* First line of a file without its newline; false if it cannot be read. */
static bool read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    bool good = file && fgets(line, (int)size, file);
    if (good)
        line[strcspn(line, "\n")] = 0;
    if (file)
        fclose(file);
    return good;
}

static bool read_number(const char *path, double *number)
{
    char line[64];
    return read_line(path, line, sizeof line) && str_parse_f64(line, number);
}

/* Local time as YYYY-MM-DDTHH:MM:SS+HH:MM. */
static void format_date(char *buffer, size_t size)
{
    time_t now = time(NULL);
    struct tm parts;
    char offset[16] = "-00:00";
    if (!localtime_r(&now, &parts)) {
        gmtime_r(&now, &parts);
    } else {
        long minutes = labs(parts.tm_gmtoff) / 60;
        snprintf(offset, sizeof offset, "%c%02d:%02d", parts.tm_gmtoff < 0 ? '-' : '+', (int)(minutes / 60 % 100),
                 (int)(minutes % 60));
    }
    size_t length = strftime(buffer, size, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(buffer + length, size - length, "%s", offset);
}

/* 1 if any CPU's frequency governor is not "performance", 0 if all are, also where there are no governors. */
static int detect_scaling(int cpu_count)
{
    for (int cpu = 0; cpu < cpu_count; cpu++) {
        char path[96], governor[64];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
        if (read_line(path, governor, sizeof governor) && strcmp(governor, "performance") != 0)
            return 1;
    }
    return 0;
}

/* First positive value of a key of /proc/cpuinfo, or 0. */
static double cpuinfo_number(const char *key)
{
    char line[4096];
    double found = 0;
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && found <= 0 && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (colon && strncasecmp(line, key, strlen(key)) == 0)
            found = strtod(colon + 1, NULL);
    }
    if (file)
        fclose(file);
    return found > 0 ? found : 0;
}

static double detect_mhz(int scaling)
{
    double khz = 0;
    if (read_number("/sys/devices/system/cpu/cpu0/tsc_freq_khz", &khz) && khz > 0)
        return khz / 1000;
    if (!scaling && read_number("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", &khz) && khz > 0)
        return khz / 1000;
    if (read_number("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", &khz) && khz > 0)
        return khz / 1000;
    double mhz = cpuinfo_number("cpu MHz");
    return mhz > 0 ? mhz : cpuinfo_number("bogomips");
}

/* Bits of a CPU mask such as "ff,00000003". */
static int count_bits(const char *mask)
{
    int bits = 0;
    for (; *mask; mask++) {
        if (!isxdigit((unsigned char)*mask))
            continue;
        char digit[2] = { *mask, 0 };
        bits += __builtin_popcount((unsigned)strtoul(digit, NULL, 16));
    }
    return bits;
}

static bool read_cache(int index, struct benchmark_cache *cache)
{
    char path[96], text[1024];
    double level;
    uint64_t size_bytes;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", index);
    if (!read_line(path, text, sizeof text) || !str_parse_bytes(text, &size_bytes))
        return false;
    cache->size_bytes = (int64_t)size_bytes;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/type", index);
    if (!read_line(path, text, sizeof text))
        return false;
    snprintf(cache->type, sizeof cache->type, "%.15s", text);
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/level", index);
    if (!read_number(path, &level))
        return false;
    cache->level = (int)level;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/shared_cpu_map", index);
    cache->sharing = read_line(path, text, sizeof text) ? count_bits(text) : 0;
    return true;
}

static int detect_aslr(void)
{
    int persona = personality(0xffffffff);
    return persona == -1 ? -1 : !(persona & ADDR_NO_RANDOMIZE);
}

void benchmark_context_collect(struct benchmark_context *context, const struct benchmark_registry *registry)
{
    *context = (struct benchmark_context){ .executable = registry->executable ? registry->executable : "" };
    format_date(context->date, sizeof context->date);
    if (gethostname(context->host, sizeof context->host - 1))
        context->host[0] = 0;
    context->cpu_count = (int)sysconf(_SC_NPROCESSORS_ONLN);
    context->scaling = detect_scaling(context->cpu_count);
    context->mhz = detect_mhz(context->scaling);
    context->aslr = detect_aslr();
    while (context->cache_count < sizeof context->caches / sizeof context->caches[0] &&
           read_cache((int)context->cache_count, &context->caches[context->cache_count]))
        context->cache_count++;
    context->load_count = getloadavg(context->load, 3);
    if (context->load_count < 0)
        context->load_count = 0;
    context->custom = registry->context;
    context->custom_count = registry->context_count;
}
