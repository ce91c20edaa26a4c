/* probe_noise.c: getrusage, and the scheduler's own account of the thread. */
#include "harness/probe/probe_noise.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

bool probe_noise_parse_migrations(const char *text, int64_t *count)
{
    static const char key[] = "nr_migrations";
    const char *found = strstr(text, key);
    if (!found)
        return false;
    found += sizeof key - 1;
    found += strspn(found, " \t");
    if (*found != ':')
        return false;
    char *end;
    long long value = strtoll(found + 1, &end, 10);
    if (end == found + 1 || value < 0)
        return false;
    *count = value;
    return true;
}

/* The line is among the first: one read of a page holds it. */
static bool read_migrations(int64_t *count)
{
    char text[2048];
    int file = open("/proc/thread-self/sched", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return false;
    text[length] = 0;
    return probe_noise_parse_migrations(text, count);
}

void probe_noise_read(struct probe_noise *reading, bool of_thread)
{
    struct rusage usage;
    *reading = (struct probe_noise){ 0 };
    reading->has_migrations = read_migrations(&reading->migrations);
    if (getrusage(of_thread ? RUSAGE_THREAD : RUSAGE_SELF, &usage))
        return;
    reading->has_usage = true;
    reading->voluntary_count = usage.ru_nvcsw;
    reading->involuntary_count = usage.ru_nivcsw;
    reading->minor_faults = usage.ru_minflt;
    reading->major_faults = usage.ru_majflt;
}

struct probe_noise probe_noise_difference(const struct probe_noise *later, const struct probe_noise *earlier)
{
    struct probe_noise difference = { .has_usage = later->has_usage && earlier->has_usage,
                                      .has_migrations = later->has_migrations && earlier->has_migrations };
    if (difference.has_usage) {
        difference.voluntary_count = later->voluntary_count - earlier->voluntary_count;
        difference.involuntary_count = later->involuntary_count - earlier->involuntary_count;
        difference.minor_faults = later->minor_faults - earlier->minor_faults;
        difference.major_faults = later->major_faults - earlier->major_faults;
    }
    if (difference.has_migrations)
        difference.migrations = later->migrations - earlier->migrations;
    return difference;
}

void probe_noise_add(struct probe_noise *sum, const struct probe_noise *part)
{
    sum->has_usage = sum->has_usage && part->has_usage;
    sum->has_migrations = sum->has_migrations && part->has_migrations;
    sum->voluntary_count += part->voluntary_count;
    sum->involuntary_count += part->involuntary_count;
    sum->minor_faults += part->minor_faults;
    sum->major_faults += part->major_faults;
    sum->migrations += part->migrations;
}
