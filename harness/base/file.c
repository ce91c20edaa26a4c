/* file.c: see file.h. */
#include "harness/base/file.h"
#include "harness/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int file_map_open(struct file_map *map, const char *path, struct error *error)
{
    *map = (struct file_map){ 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_system(error, errno, "%s: cannot open", path);
    struct stat info;
    int result = 0;
    if (fstat(fd, &info) != 0) {
        result = error_system(error, errno, "%s: cannot stat", path);
    } else if (!S_ISREG(info.st_mode)) {
        result = error_set(error, ERROR_IO, "%s: is %s, not a regular file", path,
                           S_ISDIR(info.st_mode) ? "a directory" : "a device or pipe");
    } else if (info.st_size > 0) {
        void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) {
            result = error_system(error, errno, "%s: cannot map %lld bytes", path, (long long)info.st_size);
        } else {
            map->data = data;
            map->size_bytes = (size_t)info.st_size;
        }
    }
    close(fd);
    return result;
}

void file_map_close(struct file_map *map)
{
    if (map->data)
        munmap((void *)(uintptr_t)map->data, map->size_bytes);
    *map = (struct file_map){ 0 };
}

int file_read(const char *path, char **data, size_t *size_bytes, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_system(error, errno, "%s: cannot open", path);
    size_t capacity = 1 << 16, size = 0;
    char *buffer = mem_alloc(capacity + 1);
    for (;;) {
        ssize_t got = read(fd, buffer + size, capacity - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int reason = errno;
            free(buffer);
            close(fd);
            return error_system(error, reason, "%s: cannot read", path);
        }
        if (got == 0)
            break;
        size += (size_t)got;
        if (size == capacity) {
            capacity *= 2;
            buffer = mem_resize(buffer, capacity + 1, 1);
        }
    }
    close(fd);
    buffer[size] = '\0';
    *data = buffer;
    *size_bytes = size;
    return 0;
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t put = write(fd, bytes, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        bytes += put;
        size -= (size_t)put;
    }
    return fsync(fd) == 0 || errno == EINVAL || errno == EROFS ? 0 : errno;
}

/* What is there and no file (/dev/null, a pipe, /dev/stdout) is written into: renaming would replace it. */
static int write_into(const char *path, const void *data, size_t size_bytes, struct error *error)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return error_system(error, errno, "%s: cannot open", path);
    int reason = write_all(fd, data, size_bytes);
    if (close(fd) != 0 && !reason)
        reason = errno;
    return reason ? error_system(error, reason, "%s: cannot write", path) : 0;
}

int file_write(const char *path, const void *data, size_t size_bytes, struct error *error)
{
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return write_into(path, data, size_bytes, error);
    char *target = realpath(path, NULL); /* a link stays a link */
    char *temporary = mem_format("%s.tmp.%ld", target ? target : path, (long)getpid());
    int result = 0;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        result = error_system(error, errno, "%s: cannot create", path);
        goto out;
    }
    int reason = write_all(fd, data, size_bytes);
    if (close(fd) != 0 && !reason)
        reason = errno;
    if (!reason && rename(temporary, target ? target : path) != 0)
        reason = errno;
    if (reason) {
        unlink(temporary);
        result = error_system(error, reason, "%s: cannot write", path);
    }
out:
    free(temporary);
    free(target);
    return result;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int file_make_directories(const char *path, struct error *error)
{
    char *copy = mem_strdup(path);
    int result = 0;
    for (char *at = copy; *at && !result; at++) {
        bool last = at[1] == '\0';
        if ((*at != '/' && !last) || at == copy)
            continue;
        if (*at == '/')
            *at = '\0';
        struct stat info;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            result = error_system(error, errno, "%s: cannot create the directory", copy);
        else if (stat(copy, &info) == 0 && !S_ISDIR(info.st_mode))
            result = error_set(error, ERROR_IO, "%s: exists and is not a directory", copy);
        if (!last)
            *at = '/';
    }
    free(copy);
    return result;
}

bool file_program_directory(char *buffer, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", buffer, size - 1);
    if (length <= 0)
        return false;
    buffer[length] = '\0';
    char *slash = strrchr(buffer, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static bool is_executable(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

bool file_find_program(const char *name, char *path, size_t size)
{
    if (strchr(name, '/'))
        return (size_t)snprintf(path, size, "%s", name) < size && is_executable(path);
    const char *list = getenv("PATH");
    for (const char *part = list; part; part = strchr(part, ':'), part = part ? part + 1 : NULL) {
        int length = (int)strcspn(part, ":");
        /* An empty part is the current directory. */
        if ((size_t)snprintf(path, size, "%.*s/%s", length ? length : 1, length ? part : ".", name) < size &&
            is_executable(path))
            return true;
    }
    return false;
}
