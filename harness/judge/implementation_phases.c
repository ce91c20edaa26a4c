/* implementation_phases.c: where the time of each implementation goes, by its spans. */
#include "harness/base/str.h"
#include "harness/judge/implementations_internal.h"
#include <math.h>

static size_t phase_of(struct implementation_group *group, const char *operation)
{
    for (size_t i = 0; i < group->phase_count; i++) {
        if (str_equal(group->phases[i], operation))
            return i;
    }
    group->phases[group->phase_count] = operation;
    return group->phase_count++;
}

void implementation_fill_phases(const struct implementation_builder *builder, struct implementation_group *group)
{
    size_t room = 1;
    for (size_t v = 0; v < builder->out->value_count; v++)
        room += group->cells[v].source ? group->cells[v].source->span_count : 0;
    if (room == 1)
        return;
    group->phases = arena_array(builder->arena, room, sizeof *group->phases);
    for (size_t v = 0; v < builder->out->value_count; v++) {
        struct implementation_cell *cell = &group->cells[v];
        cell->phases_ns = arena_array(builder->arena, room, sizeof *cell->phases_ns);
        for (size_t i = 0; i < room; i++)
            cell->phases_ns[i] = (double)NAN;
        for (size_t i = 0; cell->source && i < cell->source->span_count; i++) {
            double *time_ns = &cell->phases_ns[phase_of(group, cell->source->spans[i].operation)];
            *time_ns = (isnan(*time_ns) ? 0 : *time_ns) + cell->source->spans[i].time_ns;
        }
    }
    size_t rest = phase_of(group, "unexplained");
    for (size_t v = 0; v < builder->out->value_count; v++) {
        struct implementation_cell *cell = &group->cells[v];
        if (!cell->source || !cell->source->span_count)
            continue;
        double sum = 0;
        for (size_t i = 0; i < rest; i++)
            sum += isnan(cell->phases_ns[i]) ? 0 : cell->phases_ns[i];
        cell->phases_ns[rest] = cell->source->span_iteration_ns - sum;
    }
}
