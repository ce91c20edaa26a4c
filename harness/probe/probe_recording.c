/* probe_recording.c: the memory that the counting malloc writes its samples to, and the text that is made of them. That
 * memory is mapped once and kept: a thread may still be writing a sample when the recording ends. */
#include "harness/probe/probe_recording.h"
#include "harness/base/file.h"
#include "harness/probe/probe_malloc.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#pragma weak prony_malloc_hooks

enum { RECORD_LIMIT = 1 << 16, SLOT_COUNT = 1 << 17, THREAD_LIMIT = 256 };

static struct probe_record_buffer buffer; /* lint: allocator. Of the one recording */

/* Untouched pages cost nothing: 32 MiB of records if all are used. */
static int map_buffer(struct error *error)
{
    size_t size = RECORD_LIMIT * sizeof *buffer.records + SLOT_COUNT * sizeof *buffer.slots;
    if (buffer.records) {
        madvise(buffer.records, size, MADV_DONTNEED); /* zeros again */
        return 0;
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return error_system(error, errno, "memory for allocation samples");
    buffer.records = memory;
    buffer.slots = (uint32_t *)(void *)(buffer.records + RECORD_LIMIT);
    buffer.record_limit = RECORD_LIMIT;
    buffer.slot_mask = SLOT_COUNT - 1;
    return 0;
}

int probe_recording_start(uint64_t interval_bytes, uint64_t seed, struct error *error)
{
    int code = &prony_malloc_hooks == NULL ? error_set(error, ERROR_UNSUPPORTED, "allocations are not counted") : 0;
    code = code ? code : map_buffer(error);
    if (code)
        return code;
    buffer.interval_bytes = interval_bytes > 0 ? interval_bytes : 1;
    buffer.seed = seed;
    buffer.record_count = buffer.thread_count = 0;
    buffer.recording_count++;
    prony_malloc_hooks.start_record(&buffer);
    return 0;
}

static uint32_t kept_count(void)
{
    uint32_t count = __atomic_load_n(&buffer.record_count, __ATOMIC_RELAXED);
    return count < RECORD_LIMIT ? count : RECORD_LIMIT;
}

void probe_recording_stop(struct probe_recording *recording)
{
    if (&prony_malloc_hooks != NULL)
        prony_malloc_hooks.stop_record();
    *recording = (struct probe_recording){ .interval_bytes = buffer.interval_bytes,
                                           .seed = buffer.seed,
                                           .sample_count = kept_count(),
                                           .lost_count = buffer.record_count - kept_count() };
}

/* ---- the text ---- */

/* By how much a sample of size bytes is multiplied. */
static double weight_of(uint64_t bytes)
{
    double share = (double)(bytes ? bytes : 1) / (double)buffer.interval_bytes;
    return buffer.interval_bytes <= 1 ? 1 : -1 / expm1(-share);
}

static void append_record(struct str *text, const struct probe_record *record)
{
    double weight = weight_of(record->requested_bytes);
    str_appendf(text, "%.9g %.9g %d %" PRIu32, (double)record->requested_bytes * weight, weight, !record->freed,
                record->thread);
    for (size_t i = 0; i < record->frame_count; i++)
        str_appendf(text, " %" PRIxPTR, record->frames[i]);
    str_append_char(text, '\n');
}

static void append_thread(struct str *text, uint32_t thread)
{
    char path[64], *name;
    size_t size;
    snprintf(path, sizeof path, "/proc/self/task/%" PRIu32 "/comm", thread);
    if (file_read(path, &name, &size, NULL))
        return; /* it has ended */
    str_appendf(text, "thread %" PRIu32 " %s%s", thread, name, size && name[size - 1] == '\n' ? "" : "\n");
    free(name);
}

static void append_threads(struct str *text)
{
    uint32_t seen[THREAD_LIMIT], count = 0;
    for (uint32_t i = 0; i < kept_count() && count < THREAD_LIMIT; i++) {
        uint32_t at = 0;
        while (at < count && seen[at] != buffer.records[i].thread)
            at++;
        if (at < count)
            continue;
        seen[count++] = buffer.records[i].thread;
        append_thread(text, buffer.records[i].thread);
    }
}

int probe_recording_write(struct str *text, struct error *error)
{
    char *maps;
    size_t size;
    int code = file_read("/proc/self/maps", &maps, &size, error);
    if (code)
        return code;
    str_append(text, "maps\n");
    str_append_bytes(text, maps, size);
    free(maps);
    append_threads(text);
    str_append(text, "samples\n");
    for (uint32_t i = 0; i < kept_count(); i++)
        if (__atomic_load_n(&buffer.records[i].ready, __ATOMIC_ACQUIRE))
            append_record(text, &buffer.records[i]);
    str_append(text, "end\n");
    return 0;
}
