/* probe_memory.c: resident set size and its peak. The kernel batches the counters behind VmRSS per CPU, so values are
 * exact to some hundred KiB. */
#include "harness/probe/probe_memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int find_kib(const char *status, const char *key, uint64_t *bytes, struct error *error)
{
    const char *line = strstr(status, key);
    unsigned long long kib;
    if (!line || sscanf(line + strlen(key), " %llu kB", &kib) != 1)
        return error_set(error, ERROR_UNSUPPORTED, "/proc/self/status: no line %s", key);
    *bytes = kib * 1024;
    return 0;
}

/* A file of /proc as text. */
static int read_text(const char *path, char *text, size_t size, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_system(error, errno, "%s", path);
    ssize_t length = read(file, text, size - 1);
    int read_errno = errno;
    close(file);
    if (length < 0)
        return error_system(error, read_errno, "%s", path);
    text[length] = 0;
    return 0;
}

int probe_memory_read(struct probe_memory *memory, struct error *error)
{
    char status[8192];
    int code = read_text("/proc/self/status", status, sizeof status, error);
    if (code)
        return code;
    *memory = (struct probe_memory){ 0 };
    find_kib(status, "RssAnon:", &memory->resident_anonymous_bytes, NULL);
    find_kib(status, "RssFile:", &memory->resident_file_bytes, NULL);
    code = find_kib(status, "VmSize:", &memory->virtual_bytes, error);
    code = code ? code : find_kib(status, "VmRSS:", &memory->resident_bytes, error);
    return code ? code : find_kib(status, "VmHWM:", &memory->peak_bytes, error);
}

int probe_memory_read_resident(uint64_t *resident_bytes, struct error *error)
{
    char text[4096];
    struct probe_memory memory;
    if (read_text("/proc/self/smaps_rollup", text, sizeof text, NULL) == 0 &&
        find_kib(text, "\nRss:", resident_bytes, NULL) == 0)
        return 0;
    int code = probe_memory_read(&memory, error);
    *resident_bytes = code ? 0 : memory.resident_bytes;
    return code;
}

int probe_memory_reset_peak(struct error *error)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return error_system(error, errno, "/proc/self/clear_refs");
    ssize_t written = write(file, "5", 1);
    int write_errno = errno;
    close(file);
    if (written != 1)
        return error_system(error, write_errno, "/proc/self/clear_refs");
    return 0;
}
