/* calibration_line.c: what every report says about how far the harness itself can be trusted. */
#include "harness/judge/calibration.h"

const char *calibration_line(const struct calibration *calibration, struct arena *arena)
{
    if (!calibration->tests)
        return "A/A: not calibrated on this machine, false-alarm rate unknown (prony calibrate)";
    return arena_format(arena, "A/A: %zu false alarm%s in %zu test%s (%.1f %%, expected %zu..%zu)%s",
                        calibration->alarms, calibration->alarms == 1 ? "" : "s", calibration->tests,
                        calibration->tests == 1 ? "" : "s", 100 * calibration->rate, calibration->band.low,
                        calibration->band.high,
                        calibration->out_of_band ? ": OUT OF ITS BAND, trust no verdict of this machine" : "");
}
