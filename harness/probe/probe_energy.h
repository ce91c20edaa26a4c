/* probe_energy.h: joules of CPU packages and memory, from the powercap files of RAPL. They are the machine's, with
 * whatever else ran; unprivileged programs may not read them since Linux 5.10. */
#ifndef PRONY_PROBE_ENERGY_H
#define PRONY_PROBE_ENERGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBE_ENERGY_ZONE_LIMIT = 16 };
struct probe_energy_zone {
    int file;          /* energy_uj */
    uint64_t range_uj; /* where it starts again from 0; 0 = not known */
    uint64_t start_uj, total_uj;
    bool started;
};
/* All zones of one kind. */
struct probe_energy {
    struct probe_energy_zone zones[PROBE_ENERGY_ZONE_LIMIT];
    size_t count;
    int problem; /* errno of opening or reading; 0 = none */
};

/* root: NULL = /sys/class/powercap. kind: "package" or "dram", what the zones' names start with. */
void probe_energy_open(struct probe_energy *energy, const char *root, const char *kind);
void probe_energy_close(struct probe_energy *energy);
void probe_energy_start(struct probe_energy *energy);
void probe_energy_stop(struct probe_energy *energy);
void probe_energy_reset(struct probe_energy *energy);
/* Of all windows since reset; false if there are no zones or one could not be read. */
bool probe_energy_joules(const struct probe_energy *energy, double *joules);

#endif
