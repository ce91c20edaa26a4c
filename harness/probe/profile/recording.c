/* recording.c: an unlinked temporary file. */
#include "harness/probe/profile/recording.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_in(const char *directory)
{
    if (!directory || !*directory)
        return -1;
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    char path[512];
    if (snprintf(path, sizeof path, "%s/prony-profile-XXXXXX", directory) >= (int)sizeof path)
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

int recording_open(struct recording *recording, struct error *error)
{
    *recording = (struct recording){ .fd = open_in(getenv("TMPDIR")) };
    if (recording->fd < 0)
        recording->fd = open_in("/var/tmp");
    if (recording->fd < 0)
        recording->fd = open_in("/tmp");
    if (recording->fd < 0)
        recording->fd = memfd_create("prony-profile", MFD_CLOEXEC);
    return recording->fd >= 0 ? 0 : error_system(error, errno, "cannot make a temporary file for the samples");
}

void recording_append(struct recording *recording, const void *bytes, size_t size_bytes)
{
    if (recording->problem[0])
        return;
    size_t done = 0;
    while (done < size_bytes) {
        ssize_t put = write(recording->fd, (const char *)bytes + done, size_bytes - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            snprintf(recording->problem, sizeof recording->problem,
                     "the samples' temporary file is full after %llu MiB (%s): set TMPDIR, or take fewer",
                     (unsigned long long)recording->written_bytes >> 20, strerror(put < 0 ? errno : ENOSPC));
            break;
        }
        done += (size_t)put;
    }
    recording->written_bytes += done;
}

int recording_map(struct recording *recording, struct error *error)
{
    struct stat status;
    if (fstat(recording->fd, &status) != 0)
        return error_system(error, errno, "cannot read the samples back");
    recording->size_bytes = (size_t)status.st_size;
    if (status.st_size == 0)
        return 0;
    void *data = mmap(NULL, recording->size_bytes, PROT_READ, MAP_PRIVATE, recording->fd, 0);
    if (data == MAP_FAILED)
        return error_system(error, errno, "cannot read the samples back");
    recording->data = data;
    return 0;
}

void recording_close(struct recording *recording)
{
    if (recording->data)
        munmap((void *)(uintptr_t)recording->data, recording->size_bytes);
    if (recording->fd >= 0)
        close(recording->fd);
    *recording = (struct recording){ .fd = -1 };
}
