/* sysfs.h: the small text files of /proc and /sys. root is put before every path: "" in real life, a made-up tree in
 * tests. Texts live in the arena. What cannot be read is NULL, never "" or 0. */
#ifndef PRONY_RUN_SYSFS_H
#define PRONY_RUN_SYSFS_H

#include "harness/base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text of root + path without the newlines and blanks at its end. */
const char *sysfs_read(struct arena *arena, const char *root, const char *path);
/* Why sysfs_read gave NULL: "there is no /sys/x", "/sys/x: Permission denied". */
const char *sysfs_reason(struct arena *arena, const char *root, const char *path);
/* A file that holds one whole number. */
bool sysfs_read_i64(const char *root, const char *path, int64_t *value);
/* The value of the first "key : value" line of a text like /proc/cpuinfo. */
const char *sysfs_find_line(struct arena *arena, const char *text, const char *key);
/* "MemFree:  12 kB" of a text like /proc/meminfo, in bytes. */
bool sysfs_find_kib(const char *text, const char *key, uint64_t *bytes);
/* "always [madvise] never" -> "madvise"; a text without brackets as it is. text may be NULL. */
const char *sysfs_selected_word(struct arena *arena, const char *text);
/* Paths (without root) that match the shell pattern, sorted; returns how many. */
size_t sysfs_glob(struct arena *arena, const char *root, const char *pattern, const char *const **paths);
/* The hottest of the thermal zones and sensors in degrees C, and its path; NaN = none can be read. */
double sysfs_find_temperature(struct arena *arena, const char *root, const char **path);
/* How many CPUs "0-3,8" names; 0 if it is no such list. */
int sysfs_count_list(const char *text);

#endif
