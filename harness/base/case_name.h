/* case_name.h: reads the parts of a case name: "decode/qwen2.5-0.5b/q8_0/ctx:128/threads:2".
 *
 * Parts are separated by '/'; a part "key:value" is an argument. The first part is the operation. */
#ifndef PRONY_BASE_CASE_NAME_H
#define PRONY_BASE_CASE_NAME_H

#include "harness/base/arena.h"

/* Part number index as a string in the arena; "" if there are fewer. */
const char *case_name_part(struct arena *arena, const char *name, int index);
/* The value of argument key as text in the arena, or NULL. */
const char *case_name_argument(struct arena *arena, const char *name, const char *key);
/* The same as a number; fallback if absent or not a number. */
double case_name_number(const char *name, const char *key, double fallback);
/* What follows the operation and its slash; the whole name if there is no slash. Points into name. */
const char *case_name_rest(const char *name);

#endif
