/* partition.c: optimal partitioning over a grid of levels.
 *
 * For a level the best way to reach a value on it is either to stay, or to have started a segment a few values ago,
 * after the best partition of all before (the recursion of functional pruning: Maidstone, Hocking, Rigaill, Fearnhead
 * 2017). On a grid of levels this takes one comparison a level and value, for any shape of the cost, so nothing needs
 * pruning. */
#include "harness/stats/partition.h"
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LEVEL_LIMIT = 2048, LEVELS_PER_SIGMA = 8 };

struct partition {
    const double *values;
    size_t count, minimum, level_count;
    double scale, penalty; /* scale: 1 / sigma */
    double *levels;
    double *cost;     /* [level]: of the best partition that is on this level now */
    uint32_t *start;  /* [level]: where its last segment began */
    double *total;    /* [count + 1]: cost of the best partition of so many values */
    uint32_t *began;  /* [count + 1]: where its last segment began */
    double *recent;   /* [minimum][level]: costs of the last values, a ring */
    double *recently; /* [level]: their sum */
};

/* The grid's levels on which a value lies, in ascending order. Cells widen until there are few enough. */
static size_t make_levels(const double *values, size_t count, double sigma, double *levels)
{
    double *sorted = mem_array(count, sizeof *sorted);
    memcpy(sorted, values, count * sizeof *sorted);
    stats_sort(sorted, count);
    size_t used = LEVEL_LIMIT + 1;
    for (double cell = sigma / LEVELS_PER_SIGMA; used > LEVEL_LIMIT; cell *= 2) {
        used = 0;
        for (size_t i = 0, end; i < count && used <= LEVEL_LIMIT; i = end) {
            double index = floor((sorted[i] - sorted[0]) / cell);
            for (end = i + 1; end < count && floor((sorted[end] - sorted[0]) / cell) <= index;)
                end++;
            if (used < LEVEL_LIMIT)
                levels[used] = sorted[0] + (index + 0.5) * cell;
            used++;
        }
    }
    free(sorted);
    return used;
}

static void cost_of_value(const struct partition *partition, double value, double *row)
{
    const double limit = PARTITION_BOUND * PARTITION_BOUND / 2;
    for (size_t k = 0; k < partition->level_count; k++) {
        double r = (value - partition->levels[k]) * partition->scale, cost = r * r / 2;
        row[k] = cost < limit ? cost : limit;
    }
}

/* Takes values[i] in: cost, start and total[i + 1]. */
static void take_value(struct partition *partition, size_t i)
{
    size_t levels = partition->level_count, minimum = partition->minimum;
    double *row = partition->recent + i % minimum * levels;
    if (i >= minimum) /* the oldest of the ring leaves */
        for (size_t k = 0; k < levels; k++)
            partition->recently[k] -= row[k];
    cost_of_value(partition, partition->values[i], row);
    size_t begin = i + 1 < minimum ? 0 : i + 1 - minimum;
    double before = i + 1 < minimum ? INFINITY : partition->total[begin] + (begin > 0 ? partition->penalty : 0);
    double best = INFINITY;
    uint32_t best_start = 0;
    for (size_t k = 0; k < levels; k++) {
        partition->recently[k] += row[k];
        double stay = partition->cost[k] + row[k], fresh = before + partition->recently[k];
        partition->start[k] = fresh < stay ? (uint32_t)begin : partition->start[k];
        partition->cost[k] = fresh < stay ? fresh : stay;
        if (partition->cost[k] < best) {
            best = partition->cost[k];
            best_start = partition->start[k];
        }
    }
    partition->total[i + 1] = best;
    partition->began[i + 1] = best_start;
}

size_t stats_partition(const double *values, size_t count, double sigma, double penalty, size_t minimum, size_t *cuts)
{
    if (count < 2 * minimum)
        return 0;
    struct partition partition = { .values = values, .count = count, .minimum = minimum };
    partition.scale = 1 / sigma;
    partition.penalty = penalty;
    partition.levels = mem_array(LEVEL_LIMIT, sizeof(double));
    size_t levels = partition.level_count = make_levels(values, count, sigma, partition.levels);
    partition.cost = mem_array(levels, sizeof(double));
    partition.start = mem_array(levels, sizeof(uint32_t));
    partition.recently = mem_array(levels, sizeof(double));
    partition.recent = mem_array(levels * minimum, sizeof(double));
    partition.total = mem_array(count + 1, sizeof(double));
    partition.began = mem_array(count + 1, sizeof(uint32_t));
    for (size_t k = 0; k < levels; k++)
        partition.cost[k] = INFINITY;
    for (size_t i = 0; i < minimum; i++)
        partition.total[i] = INFINITY;
    partition.total[0] = 0;
    for (size_t i = 0; i < count; i++)
        take_value(&partition, i);
    size_t cut_count = 0;
    for (size_t end = partition.began[count]; end > 0; end = partition.began[end])
        cuts[cut_count++] = end;
    for (size_t i = 0; i < cut_count / 2; i++) {
        size_t other = cuts[i];
        cuts[i] = cuts[cut_count - 1 - i];
        cuts[cut_count - 1 - i] = other;
    }
    free(partition.levels), free(partition.cost), free(partition.start), free(partition.recently);
    free(partition.recent), free(partition.total), free(partition.began);
    return cut_count;
}
