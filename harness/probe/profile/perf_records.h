/* perf_records.h: the bytes that the kernel puts into a perf_event ring, as structs (perf_event_open(2)).
 *
 * The timer sampler writes the same records. What is read is not trusted: sizes are checked, a record that makes no
 * sense is RECORD_OTHER. Samples have the members that perf_records_sample_type names; every other record ends with
 * process, thread and time (sample_id_all). */
#ifndef PRONY_PROBE_PROFILE_PERF_RECORDS_H
#define PRONY_PROBE_PROFILE_PERF_RECORDS_H

#include "harness/probe/profile/registers.h"
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PERF_RECORDS_SAMPLE_TYPE = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD |
                               PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
    PERF_RECORDS_MAPS_TEXT = 0x5052 /* of the timer sampler: all of /proc/self/maps */
};

enum record_kind {
    RECORD_SAMPLE,
    RECORD_MAP,       /* executable memory of process was mapped */
    RECORD_MAPS_TEXT, /* text */
    RECORD_NAME,      /* text is the thread's name */
    RECORD_FORK,      /* process, thread: new; parent_process: where it comes from */
    RECORD_LOST,      /* lost */
    RECORD_THROTTLE,  /* the kernel takes fewer samples for a while */
    RECORD_OTHER
};

struct record {
    enum record_kind kind;
    uint32_t process, thread, parent_process;
    uint64_t time_ns;
    uint64_t start, end, offset; /* RECORD_MAP */
    const char *text;            /* RECORD_MAP: path; ends with NUL within the record */
    size_t text_length;
    bool is_exec; /* RECORD_NAME, RECORD_MAPS_TEXT: the process has become another program */
    uint64_t lost;
    /* RECORD_SAMPLE */
    uint64_t address, weight;
    const uint64_t *chain; /* kernel addresses with marks, innermost first; not aligned */
    size_t chain_length;
    bool has_registers;
    uint64_t registers[REGISTERS_COUNT]; /* of user space */
    const unsigned char *stack;          /* from the stack pointer up */
    size_t stack_bytes;
    bool stack_is_full; /* there may be more stack than was kept */
};

/* The record at *offset, which moves behind it; false at the end, and where the bytes are no record any more. */
bool perf_records_next(const void *data, size_t size_bytes, size_t *offset, struct record *record);
/* Entry i of a sample's chain. */
uint64_t perf_records_chain(const struct record *record, size_t i);

#endif
