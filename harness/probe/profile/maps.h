/* maps.h: what a process has mapped for execution, over time: /proc/PID/maps as text, or one mapping after the other.
 * Later mappings replace what lay at their addresses. */
#ifndef PRONY_PROBE_PROFILE_MAPS_H
#define PRONY_PROBE_PROFILE_MAPS_H

#include "harness/probe/profile/modules.h"

struct map {
    uint64_t start, end, offset; /* offset: of start in the file */
    const char *path;            /* "" = anonymous memory */
    struct module *module;       /* NULL = not looked for yet, or none */
    bool searched;
};

/* Set to zero bytes. Paths are copied. */
struct maps {
    struct map *items; /* sorted, not overlapping */
    size_t count, capacity;
};

void maps_add(struct maps *maps, uint64_t start, uint64_t end, uint64_t offset, const char *path);
/* Adds every executable mapping of the text; lines that cannot be read are left out. */
void maps_add_text(struct maps *maps, const char *text);
void maps_copy(struct maps *maps, const struct maps *from); /* for a fork */
void maps_release(struct maps *maps);
/* The mapping around an address, or NULL. */
struct map *maps_find(const struct maps *maps, uint64_t address);
/* Its file, opened if need be; NULL if it has none that can be read. *virtual_address: of address in the file. */
struct module *maps_module(const struct maps *maps, struct modules *modules, uint64_t address,
                           uint64_t *virtual_address);

#endif
