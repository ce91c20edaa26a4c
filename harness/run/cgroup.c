/* cgroup.c: finds the group in /proc/self/cgroup, and its files under /sys/fs/cgroup. */
#include "harness/run/cgroup.h"
#include "harness/run/sysfs.h"
#include "harness/base/str.h"
#include <string.h>

const char *cgroup_find(struct arena *arena, const char *root, const char *controller)
{
    const char *text = sysfs_read(arena, root, "/proc/self/cgroup");
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        const char *list = strchr(line, ':');
        const char *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            continue;
        char *names = arena_format(arena, ",%.*s,", (int)(path - list - 1), list + 1);
        char *wanted = arena_format(arena, ",%s,", controller);
        if (strstr(names, wanted))
            return arena_strndup(arena, path + 1, strcspn(path + 1, "\n"));
    }
    return NULL;
}

/* The file of the group, or of the nearest one above it that has it. */
static bool read_upwards(struct arena *arena, const char *root, const char *mount, const char *group, const char *file,
                         int64_t *value)
{
    char *path = arena_strdup(arena, str_equal(group, "/") ? "" : group);
    for (;;) {
        if (sysfs_read_i64(root, arena_format(arena, "%s%s/%s", mount, path, file), value))
            return true;
        char *slash = strrchr(path, '/');
        if (!slash)
            return false;
        *slash = 0;
    }
}

bool cgroup_memory_peak(struct arena *arena, const char *root, int64_t *bytes)
{
    static const struct {
        const char *mount, *controller, *file;
    } places[] = { { "/sys/fs/cgroup", "", "memory.peak" },
                   { "/sys/fs/cgroup/unified", "", "memory.peak" },
                   { "/sys/fs/cgroup/memory", "memory", "memory.max_usage_in_bytes" } };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *group = cgroup_find(arena, root, places[i].controller);
        if (group && read_upwards(arena, root, places[i].mount, group, places[i].file, bytes) && *bytes > 0)
            return true;
    }
    return false;
}
