/* probe_energy.c: powercap zones: opening, windows, counters that start again from 0. */
#include "harness/probe/probe_energy.h"
#include "harness/base/str.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_text(const char *root, const char *zone, const char *name, char *text, size_t size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s/%s", root, zone, name);
    FILE *file = fopen(path, "re");
    bool read = file && fgets(text, (int)size, file);
    if (file)
        fclose(file);
    if (read)
        text[strcspn(text, "\n")] = '\0';
    return read;
}

static void open_zone(struct probe_energy *energy, const char *root, const char *zone)
{
    char path[PATH_MAX], text[64];
    struct probe_energy_zone *added = &energy->zones[energy->count];
    snprintf(path, sizeof path, "%s/%s/energy_uj", root, zone);
    *added = (struct probe_energy_zone){ .file = open(path, O_RDONLY | O_CLOEXEC) };
    if (added->file < 0) {
        energy->problem = errno;
        return;
    }
    if (!read_text(root, zone, "max_energy_range_uj", text, sizeof text) || !str_parse_u64(text, &added->range_uj))
        added->range_uj = 0;
    energy->count++;
}

void probe_energy_open(struct probe_energy *energy, const char *root, const char *kind)
{
    *energy = (struct probe_energy){ .count = 0 };
    root = root ? root : "/sys/class/powercap";
    DIR *zones = opendir(root);
    const struct dirent *entry;
    while (zones && energy->count < PROBE_ENERGY_ZONE_LIMIT && (entry = readdir(zones)) != NULL) {
        char name[64];
        /* "intel-rapl:0"; the same counters appear once more as intel-rapl-mmio. AMD's have the same name. */
        if (str_starts(entry->d_name, "intel-rapl:") && read_text(root, entry->d_name, "name", name, sizeof name) &&
            str_starts(name, kind))
            open_zone(energy, root, entry->d_name);
    }
    if (zones)
        closedir(zones);
    if (!energy->count && !energy->problem)
        energy->problem = ENOENT;
}

void probe_energy_close(struct probe_energy *energy)
{
    for (size_t i = 0; i < energy->count; i++)
        close(energy->zones[i].file);
    energy->count = 0;
}

static bool read_zone(struct probe_energy *energy, const struct probe_energy_zone *zone, uint64_t *value_uj)
{
    char text[32];
    ssize_t length = pread(zone->file, text, sizeof text - 1, 0);
    if (length <= 0) {
        energy->problem = length < 0 ? errno : EIO;
        return false;
    }
    text[length] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (str_parse_u64(text, value_uj))
        return true;
    energy->problem = EIO;
    return false;
}

void probe_energy_start(struct probe_energy *energy)
{
    for (size_t i = 0; i < energy->count; i++)
        energy->zones[i].started = read_zone(energy, &energy->zones[i], &energy->zones[i].start_uj);
}

void probe_energy_stop(struct probe_energy *energy)
{
    for (size_t i = 0; i < energy->count; i++) {
        struct probe_energy_zone *zone = &energy->zones[i];
        uint64_t now_uj;
        if (!zone->started || !read_zone(energy, zone, &now_uj))
            continue;
        if (now_uj < zone->start_uj) /* once around */
            now_uj += zone->range_uj;
        if (now_uj >= zone->start_uj)
            zone->total_uj += now_uj - zone->start_uj;
        else
            energy->problem = ERANGE;
        zone->started = false;
    }
}

void probe_energy_reset(struct probe_energy *energy)
{
    if (energy->count)
        energy->problem = 0;
    for (size_t i = 0; i < energy->count; i++)
        energy->zones[i].total_uj = 0;
}

bool probe_energy_joules(const struct probe_energy *energy, double *joules)
{
    *joules = 0;
    for (size_t i = 0; i < energy->count; i++)
        *joules += (double)energy->zones[i].total_uj / 1e6;
    return energy->count && !energy->problem;
}
