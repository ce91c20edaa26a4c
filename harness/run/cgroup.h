/* cgroup.h: the control group of this process, version 1 or 2. root as in sysfs.h. */
#ifndef PRONY_RUN_CGROUP_H
#define PRONY_RUN_CGROUP_H

#include "harness/base/arena.h"
#include <stdbool.h>
#include <stdint.h>

/* The path of this process in the hierarchy of a controller ("cpu"), or of version 2 (""); NULL if it has none. */
const char *cgroup_find(struct arena *arena, const char *root, const char *controller);
/* The most memory that the group has ever held, page cache included, in bytes: since it was made, not since a run
 * began. Of the nearest group upwards that can be read (a container does not see the ones above it). False if none can.
 */
bool cgroup_memory_peak(struct arena *arena, const char *root, int64_t *bytes);

#endif
