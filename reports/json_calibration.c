/* json_calibration.c: see json_calibration.h. */
#include "reports/json_calibration.h"
#include <math.h>

static json_t *count_json(size_t count)
{
    return json_integer((json_int_t)count);
}

json_t *json_calibration(const struct calibration *calibration, struct arena *arena)
{
    if (!calibration)
        return json_null();
    json_t *json = json_object(), *expected = json_array();
    json_array_append_new(expected, count_json(calibration->band.low));
    json_array_append_new(expected, count_json(calibration->band.high));
    json_object_set_new(json, "line", json_string(calibration_line(calibration, arena)));
    json_object_set_new(json, "comparisons", count_json(calibration->comparisons));
    json_object_set_new(json, "tests", count_json(calibration->tests));
    json_object_set_new(json, "alarms", count_json(calibration->alarms));
    json_object_set_new(json, "expected_alarms", expected);
    json_object_set_new(json, "false_verdicts", count_json(calibration->false_verdicts));
    json_object_set_new(json, "rate", isfinite(calibration->rate) ? json_real(calibration->rate) : json_null());
    json_object_set_new(json, "out_of_band", json_boolean(calibration->out_of_band));
    return json;
}
