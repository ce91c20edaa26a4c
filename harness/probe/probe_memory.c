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

int probe_memory_read(struct probe_memory *memory, struct error *error)
{
    char status[8192];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_system(error, errno, "/proc/self/status");
    ssize_t length = read(file, status, sizeof status - 1);
    int read_errno = errno;
    close(file);
    if (length < 0)
        return error_system(error, read_errno, "/proc/self/status");
    status[length] = 0;
    int code = find_kib(status, "VmRSS:", &memory->resident_bytes, error);
    return code ? code : find_kib(status, "VmHWM:", &memory->peak_bytes, error);
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
