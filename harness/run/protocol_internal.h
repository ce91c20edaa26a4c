/* protocol_internal.h: what the files of the protocol share. */
#ifndef PRONY_RUN_PROTOCOL_INTERNAL_H
#define PRONY_RUN_PROTOCOL_INTERNAL_H

#include "harness/run/protocol.h"
#include <jansson.h>

/* Names say the unit (docs/FORMATS.md): the protocol has no place for it. */
const char *protocol_unit(const char *name);

/* JSON as programs print it: bare NaN and raw control characters are mended. NULL after an error. */
json_t *protocol_load(const char *text, size_t length, struct error *error);

/* protocol_metrics.c: every number of a record that is no key of the schema, and its prony_counters and prony_samples,
 * each name once. is_schema_key tells the others. */
int protocol_parse_metrics(struct store_sample *sample, struct protocol_record *kinds, json_t *record,
                           bool (*is_schema_key)(const char *key), struct arena *arena, struct error *error);

/* protocol_parts.c: prony_values_ns, prony_spans and prony_courses, as far as they are there. */
int protocol_parse_parts(struct store_sample *sample, struct protocol_record *kinds, json_t *record,
                         struct arena *arena, struct error *error);

#endif
