/* clock.c: see clock.h. */
#include "harness/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

static int64_t read_clock(clockid_t clock)
{
    struct timespec now = { 0, 0 };
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_process_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t clock_utc_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

#if defined(__x86_64__)

/* What the kernel keeps time by. It gives the counter up when CPUs disagree. */
static bool kernel_trusts_tsc(void)
{
    char name[64] = "";
    FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
    if (!file)
        return false;
    bool read = fgets(name, sizeof name, file) != NULL;
    fclose(file);
    return read && (strncmp(name, "tsc", 3) == 0 || strncmp(name, "kvm-clock", 9) == 0 ||
                    strncmp(name, "hyperv_clocksource_tsc_page", 27) == 0);
}

bool clock_tsc_available(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) || !(edx & 1u << 8)) /* invariant TSC */
        return false;
    return kernel_trusts_tsc();
}

/* Not RDTSCP: it waits for what stands before, but what stands after may begin early and would need the fence, too. */
uint64_t clock_tsc(void)
{
    _mm_lfence();
    uint64_t ticks = __rdtsc();
    __asm__ volatile("" : "+r"(ticks) : : "memory");
    return ticks;
}

/* Both clocks at one moment: the tightest of some attempts, so that an interrupt between the readings is not seen. */
static void read_both(int64_t *wall_ns, uint64_t *ticks)
{
    uint64_t tightest = UINT64_MAX;
    for (int i = 0; i < 8; i++) {
        uint64_t before = clock_tsc();
        int64_t now_ns = clock_wall_ns();
        uint64_t width = clock_tsc() - before;
        if (width < tightest) {
            tightest = width;
            *wall_ns = now_ns;
            *ticks = before + width / 2;
        }
    }
}

double clock_tsc_calibrate(int64_t window_ns)
{
    int64_t start_ns = 0, end_ns = 0;
    uint64_t start_ticks = 0, end_ticks = 0;
    if (!clock_tsc_available())
        return 0;
    read_both(&start_ns, &start_ticks);
    while (clock_wall_ns() - start_ns < window_ns) {}
    read_both(&end_ns, &end_ticks);
    return end_ticks > start_ticks ? (double)(end_ns - start_ns) / (double)(end_ticks - start_ticks) : 0;
}

#else

bool clock_tsc_available(void)
{
    return false;
}

uint64_t clock_tsc(void)
{
    return 0;
}

double clock_tsc_calibrate(int64_t window_ns)
{
    (void)window_ns;
    return 0;
}

#endif

char *clock_format_utc(char *buffer, int64_t utc_ns)
{
    time_t seconds = (time_t)(utc_ns / 1000000000);
    struct tm broken_down;
    gmtime_r(&seconds, &broken_down);
    strftime(buffer, 32, "%Y-%m-%dT%H:%M:%SZ", &broken_down);
    return buffer;
}
