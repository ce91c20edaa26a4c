/* sysfs.c: see sysfs.h. */
#include "harness/run/sysfs.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

const char *sysfs_read(struct arena *arena, const char *root, const char *path)
{
    char *full = mem_format("%s%s", root, path);
    char *text = NULL;
    size_t size;
    const char *result = NULL;
    if (file_read(full, &text, &size, NULL) == 0) {
        while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' '))
            text[--size] = 0;
        result = arena_strdup(arena, text);
    }
    free(text);
    free(full);
    return result;
}

const char *sysfs_reason(struct arena *arena, const char *root, const char *path)
{
    char *full = mem_format("%s%s", root, path), byte;
    errno = 0;
    int fd = open(full, O_RDONLY | O_CLOEXEC);
    int reason = fd < 0 || read(fd, &byte, 1) < 0 ? errno : 0; /* sysfs often opens and then refuses to be read */
    if (fd >= 0)
        close(fd);
    free(full);
    if (reason == ENOENT || reason == ENOTDIR)
        return arena_format(arena, "there is no %s", path);
    return arena_format(arena, "%s: %s", path, reason ? strerror(reason) : "not what was expected");
}

bool sysfs_read_i64(const char *root, const char *path, int64_t *value)
{
    struct arena arena = { 0 };
    const char *text = sysfs_read(&arena, root, path);
    bool is_number = text && str_parse_i64(text, value);
    arena_release(&arena);
    return is_number;
}

/* Behind "key :" of the first line that starts so; NULL if there is none. */
static const char *find_value(const char *text, const char *key)
{
    size_t key_length = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        if (strncmp(line, key, key_length) != 0)
            continue;
        const char *p = line + key_length;
        p += strspn(p, " \t");
        if (*p != ':')
            continue;
        p++;
        return p + strspn(p, " \t");
    }
    return NULL;
}

const char *sysfs_find_line(struct arena *arena, const char *text, const char *key)
{
    const char *value = find_value(text, key);
    return value ? arena_strndup(arena, value, strcspn(value, "\n")) : NULL;
}

bool sysfs_find_kib(const char *text, const char *key, uint64_t *bytes)
{
    const char *value = find_value(text, key);
    if (!value || *value < '0' || *value > '9')
        return false;
    *bytes = strtoull(value, NULL, 10) * 1024;
    return true;
}

const char *sysfs_selected_word(struct arena *arena, const char *text)
{
    const char *open = text ? strchr(text, '[') : NULL;
    const char *close = open ? strchr(open, ']') : NULL;
    return close ? arena_strndup(arena, open + 1, (size_t)(close - open - 1)) : text;
}

size_t sysfs_glob(struct arena *arena, const char *root, const char *pattern, const char *const **paths)
{
    char *full = mem_format("%s%s", root, pattern);
    glob_t found;
    size_t count = 0;
    *paths = NULL;
    if (glob(full, 0, NULL, &found) == 0) {
        const char **list = arena_array(arena, found.gl_pathc, sizeof *list);
        for (; count < found.gl_pathc; count++)
            list[count] = arena_strdup(arena, found.gl_pathv[count] + strlen(root));
        *paths = list;
        globfree(&found);
    }
    free(full);
    return count;
}

double sysfs_find_temperature(struct arena *arena, const char *root, const char **path)
{
    static const char *const patterns[] = { "/sys/class/thermal/thermal_zone*/temp",
                                            "/sys/class/hwmon/hwmon*/temp*_input" };
    double hottest = NAN;
    for (size_t p = 0; p < 2; p++) {
        const char *const *paths;
        size_t count = sysfs_glob(arena, root, patterns[p], &paths);
        for (size_t i = 0; i < count; i++) {
            int64_t milli;
            if (!sysfs_read_i64(root, paths[i], &milli) || milli < 1000 || milli > 150000)
                continue; /* 0 and absurd numbers: a zone without a sensor */
            if (isnan(hottest) || (double)milli / 1000 > hottest) {
                hottest = (double)milli / 1000;
                *path = paths[i];
            }
        }
    }
    return hottest;
}

int sysfs_count_list(const char *text)
{
    int count = 0;
    while (text && *text) {
        char *end;
        long first = strtol(text, &end, 10), last = first;
        if (end == text)
            return 0;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        if (last < first || first < 0 || (*end && *end != ','))
            return 0;
        count += (int)(last - first + 1);
        text = *end ? end + 1 : end;
    }
    return count;
}
