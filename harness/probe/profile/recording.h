/* recording.h: what a sampler has written down: records (perf_records.h) one after the other in a file without a name.
 *
 * A disk that is full does not lose what was there before: writing stops and the reason is kept. One thread may write
 * while others read written_bytes only after it has ended. */
#ifndef PRONY_PROBE_PROFILE_RECORDING_H
#define PRONY_PROBE_PROFILE_RECORDING_H

#include "harness/base/error.h"
#include <stddef.h>
#include <stdint.h>

struct recording {
    int fd; /* -1 = none */
    uint64_t written_bytes;
    const void *data; /* after recording_map */
    size_t size_bytes;
    char problem[256]; /* why it is not whole; "" if it is */
};

/* In $TMPDIR, /var/tmp, /tmp, or memory: the first that can be written. */
int recording_open(struct recording *recording, struct error *error);
/* Appends whole records. */
void recording_append(struct recording *recording, const void *bytes, size_t size_bytes);
/* Makes what is in the file readable as data. */
int recording_map(struct recording *recording, struct error *error);
void recording_close(struct recording *recording);

#endif
