/* json_calibration.h: how often this harness cries wolf, as both JSON documents (of a run, of a judgement) say it. */
#ifndef PRONY_REPORTS_JSON_CALIBRATION_H
#define PRONY_REPORTS_JSON_CALIBRATION_H

#include "harness/judge/calibration.h"
#include <jansson.h>

/* JSON null if it was not loaded. */
json_t *json_calibration(const struct calibration *calibration, struct arena *arena);

#endif
