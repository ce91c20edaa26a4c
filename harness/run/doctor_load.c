/* doctor_load.c: who else is here: other programs, other guests, memory, heat. */
#include "harness/run/doctor_internal.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_steal(struct doctor *doctor, struct store_check *check)
{
    unsigned long long t[8];
    const char *text = sysfs_read(doctor->arena, doctor->root, "/proc/stat");
    if (!text || sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5],
                        &t[6], &t[7]) != 8) {
        doctor_cannot_read(doctor, check, "/proc/stat", NULL);
        return;
    }
    char share[32];
    double steal = doctor->readings->steal_share;
    if (t[7] == 0) /* also a hypervisor that reports none looks like this */
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "none since the start, or not reported to this system");
    else if (isnan(steal))
        doctor_say(doctor, check, DOCTOR_UNKNOWN, "prony doctor --seconds 3", "not watched");
    else
        doctor_say(doctor, check, doctor_grade(steal, 0.005, 0.05),
                   "Ask the host's owner for dedicated cores, or measure on metal.", "%s while watched",
                   doctor_percent(share, sizeof share, steal));
}

static void check_pressure(struct doctor *doctor, struct store_check *check)
{
    double avg10;
    const char *text = sysfs_read(doctor->arena, doctor->root, "/proc/pressure/cpu");
    if (!text || sscanf(text, "some avg10=%lf", &avg10) != 1)
        doctor_cannot_read(doctor, check, "/proc/pressure/cpu", "Boot with psi=1 on the kernel's command line.");
    else
        doctor_say(doctor, check, doctor_grade(avg10, 2, 20), "top -H  # wait until others are done, then again",
                   "some task waited for a CPU %.1f %% of the last 10 s", avg10);
}

static void check_load(struct doctor *doctor, struct store_check *check)
{
    double load;
    const char *text = sysfs_read(doctor->arena, doctor->root, "/proc/loadavg");
    const char *online = sysfs_read(doctor->arena, doctor->root, "/sys/devices/system/cpu/online");
    int count = sysfs_count_list(online);
    if (!text || sscanf(text, "%lf", &load) != 1)
        doctor_cannot_read(doctor, check, "/proc/loadavg", NULL);
    else if (count < 1)
        doctor_cannot_read(doctor, check, "/sys/devices/system/cpu/online", NULL);
    else
        doctor_say(doctor, check, doctor_grade(load / count, 0.2, 0.7),
                   "top -H  # wait until others are done, then again", "%.2f in the last minute on %d CPUs", load,
                   count);
}

static void check_memory(struct doctor *doctor, struct store_check *check)
{
    uint64_t available, model = doctor->options->model_bytes;
    const char *text = sysfs_read(doctor->arena, doctor->root, "/proc/meminfo");
    const char *remedy = "ps --sort=-rss -eo rss,cmd | head  # free memory, or choose a smaller model";
    char free_text[32], model_text[32];
    if (!text || !sysfs_find_kib(text, "MemAvailable", &available)) {
        doctor_cannot_read(doctor, check, "/proc/meminfo", NULL);
        return;
    }
    str_bytes(free_text, sizeof free_text, (double)available);
    str_bytes(model_text, sizeof model_text, (double)model);
    if (!model)
        doctor_say(doctor, check, DOCTOR_UNKNOWN, "prony doctor --model FILE", "%s available, no model to compare with",
                   free_text);
    else /* its pages stay mapped; KV cache and buffers come on top */
        doctor_say(doctor, check, doctor_grade((double)model / (double)available, 0.8, 1.0), remedy,
                   "%s available for a model of %s", free_text, model_text);
}

static void check_swap(struct doctor *doctor, struct store_check *check)
{
    uint64_t total, available, memory;
    const char *text = sysfs_read(doctor->arena, doctor->root, "/proc/meminfo");
    if (!text || !sysfs_find_kib(text, "SwapTotal", &total) || !sysfs_find_kib(text, "SwapFree", &available) ||
        !sysfs_find_kib(text, "MemTotal", &memory) || memory == 0) {
        doctor_cannot_read(doctor, check, "/proc/meminfo", NULL);
        return;
    }
    char used[32], all[32];
    double in_use = total > available ? (double)(total - available) : 0;
    str_bytes(used, sizeof used, in_use);
    str_bytes(all, sizeof all, (double)total);
    if (total == 0)
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "none");
    else
        doctor_say(doctor, check, doctor_grade(in_use / (double)memory, 0.01, 0.25),
                   "sudo swapoff -a && sudo swapon -a", "%s of %s in use", used, all);
}

static void check_temperature(struct doctor *doctor, struct store_check *check)
{
    const char *where = NULL;
    double hottest = sysfs_find_temperature(doctor->arena, doctor->root, &where);
    if (isnan(hottest))
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "no sensor can be read");
    else
        doctor_say(doctor, check, doctor_grade(hottest, 80, 95), "sleep 300  # let it cool; look after fans and dust",
                   "%.0f degrees C (%s)", hottest, where);
}

static void check_throttling(struct doctor *doctor, struct store_check *check)
{
    const char *const *paths;
    size_t count = sysfs_glob(doctor->arena, doctor->root,
                              "/sys/devices/system/cpu/cpu*/thermal_throttle/core_throttle_count", &paths);
    int64_t total = 0, value;
    size_t readable = 0;
    for (size_t i = 0; i < count; i++)
        if (sysfs_read_i64(doctor->root, paths[i], &value) && value >= 0) {
            total += value;
            readable++;
        }
    int64_t increase = doctor->readings->throttle_increase;
    if (!readable)
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "this CPU's driver counts no throttling");
    else if (increase > 0)
        doctor_say(doctor, check, DOCTOR_FAIL, "sleep 300  # let it cool; look after fans and dust",
                   "%lld times while watched", (long long)increase);
    else
        doctor_say(doctor, check, total ? DOCTOR_WARN : DOCTOR_PASS,
                   "sleep 300  # let it cool; look after fans and dust", "%lld times since the start on %zu CPUs",
                   (long long)total, readable);
}

static bool is_discharging(struct doctor *doctor, const char *directory, bool *seen)
{
    char *type_path = arena_format(doctor->arena, "%s/type", directory);
    const char *type = sysfs_read(doctor->arena, doctor->root, type_path);
    const char *scope = sysfs_read(doctor->arena, doctor->root, arena_format(doctor->arena, "%s/scope", directory));
    if (!str_equal(type, "Battery") || str_equal(scope, "Device")) /* a mouse has one, too */
        return false;
    *seen = true;
    const char *status = sysfs_read(doctor->arena, doctor->root, arena_format(doctor->arena, "%s/status", directory));
    return str_equal(status, "Discharging");
}

static void check_power(struct doctor *doctor, struct store_check *check)
{
    const char *const *paths;
    size_t count = sysfs_glob(doctor->arena, doctor->root, "/sys/class/power_supply/*", &paths);
    const char *const *directory;
    bool has_battery = false, discharging = false;
    for (size_t i = 0; i < count; i++)
        discharging |= is_discharging(doctor, paths[i], &has_battery);
    if (!sysfs_glob(doctor->arena, doctor->root, "/sys/class/power_supply", &directory))
        doctor_cannot_read(doctor, check, "/sys/class/power_supply", NULL);
    else if (discharging)
        doctor_say(doctor, check, DOCTOR_FAIL, "Plug in the power cord.", "on battery");
    else
        doctor_say(doctor, check, DOCTOR_PASS, NULL, has_battery ? "on mains, with a battery" : "no battery");
}

const struct doctor_row doctor_load_rows[] = {
    { "pressure", "Threads that wait for a CPU make every wall time longer.", check_pressure },
    { "load", "Other programs take CPU time, caches and memory bandwidth away.", check_load },
    { "steal", "The hypervisor ran somebody else in our time.", check_steal },
    { "memory", "Without room for the whole model its pages come from the disk again and again.", check_memory },
    { "swap", "Memory that comes back from swap costs milliseconds at random moments.", check_swap },
    { "temperature", "A hot CPU lowers its clock, the later cases of a run get the slower numbers.",
      check_temperature },
    { "throttling", "The CPU has lowered its clock because of heat.", check_throttling },
    { "power", "On battery the clock is limited and changes with the charge.", check_power },
    { NULL, NULL, NULL },
};
