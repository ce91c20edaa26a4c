/* file.h: whole files: read, map, write so that a crash leaves the old or the new file. */
#ifndef PRONY_BASE_FILE_H
#define PRONY_BASE_FILE_H

#include "harness/base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* A read-only private mapping of a whole regular file. data is NULL for an empty file. */
struct file_map {
    const unsigned char *data;
    size_t size_bytes;
};

int file_map_open(struct file_map *map, const char *path, struct error *error);
void file_map_close(struct file_map *map);

/* Reads a file or a pipe; *data is NUL-terminated (not counted), owned by the caller. */
int file_read(const char *path, char **data, size_t *size_bytes, struct error *error);
/* Writes path.tmp.<pid>, fsyncs, renames: a reader never sees half a file. A device or pipe is written into. */
int file_write(const char *path, const void *data, size_t size_bytes, struct error *error);
bool file_exists(const char *path);
/* mkdir -p. */
int file_make_directories(const char *path, struct error *error);
/* Where this program's executable lies, without the final slash ("build/release/bin"); false if unknown. */
bool file_program_directory(char *buffer, size_t size);
/* The program that execvp would start: name itself if it has a slash, else the first of that name in $PATH that may be
 * executed. False if there is none, or PATH is not set. */
bool file_find_program(const char *name, char *path, size_t size);

#endif
