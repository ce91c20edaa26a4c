/* heat_map.h: which cases and runs the map of cases over runs shows (chart_heat.c draws it). */
#ifndef PRONY_REPORTS_HEAT_MAP_H
#define PRONY_REPORTS_HEAT_MAP_H

#include "harness/judge/history.h"
#include "reports/chart.h"

/* The newest runs of branch, plan and machine of `run`, and the cases with steps, then those that vary most. runs:
 * newest first, `run` among them. histories: one for each name. In the arena. */
const struct chart_heat *heat_map_build(struct arena *arena, const struct store_run_row *runs, size_t run_count,
                                        const struct store_run_row *run, const struct history *const *histories,
                                        const char *const *names, size_t count);
/* Same branch, plan and machine. */
bool heat_map_same_line(const struct store_run_row *a, const struct store_run_row *b);

#endif
