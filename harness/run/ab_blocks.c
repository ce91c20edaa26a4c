/* ab_blocks.c: the order of processes.
 *
 * A block of a case is four processes next to each other, ABBA or BAAB by a coin: two pairs, in which what drifts
 * slowly cancels. All cases that are still open have one block each, in a fresh random order, then the next one. Both
 * processes of a pair see an environment of the same size, another one than the next pair: where the stack begins
 * changes times (Mytkowicz, Diwan, Hauswirth, Sweeney 2009), so it must not be the same by accident in all of them. */
#include "harness/run/ab_internal.h"
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include <math.h>
#include <string.h>

enum { PADDING_BYTES = 4096 };
#define PADDING_NAME "PRONY_PADDING="

/* The first look: fewer pairs could not reach the alpha that it may spend (2 / 2^10 < 0.05 / 5^2). Each further one has
 * so many times the blocks of the one before, at most LOOK_COUNT in all: looking more often costs power and saves
 * little time. */
enum { FIRST_LOOK = 5, LOOK_COUNT = 5 };
#define LOOK_GROWTH 1.4
/* Of the budget. The rest is for measuring again what the last look calls. */
#define BLOCK_SHARE 0.8

int ab_block_limit(const struct ab *ab)
{
    /* The same code can only be found out to be the same: one look is enough. */
    if (ab->identical && !ab->options.blocks)
        return FIRST_LOOK;
    return ab->options.blocks ? ab->options.blocks : AB_BLOCKS;
}

int ab_look_count(const struct ab *ab)
{
    int limit = ab_block_limit(ab);
    if (ab->options.fixed_blocks || ab->identical || limit <= FIRST_LOOK)
        return 1;
    int count = 1 + (int)(log((double)limit / FIRST_LOOK) / log(LOOK_GROWTH));
    return count < LOOK_COUNT ? count : LOOK_COUNT;
}

int ab_look_blocks(const struct ab *ab, int look)
{
    int limit = ab_block_limit(ab), count = ab_look_count(ab);
    if (look >= count - 1)
        return limit;
    return (int)lround(FIRST_LOOK * pow((double)limit / FIRST_LOOK, (double)look / (count - 1)));
}

/* Random sizes from 0 to PADDING_BYTES, by seed, case and pair only. */
static const char *make_padding(const struct ab *ab, const struct ab_case *subject, int pair, char *buffer)
{
    struct rng rng;
    size_t name = strlen(PADDING_NAME);
    rng_seed(&rng, rng_mix(rng_mix(ab->seed, (uint64_t)(subject - ab->cases)), (uint64_t)pair));
    size_t length = (size_t)rng_below(&rng, PADDING_BYTES);
    memcpy(buffer, PADDING_NAME, name);
    memset(buffer + name, 'x', length);
    buffer[name + length] = 0;
    return buffer;
}

static double budget_of(const struct ab *ab)
{
    return ab->options.budget_s > 0 ? ab->options.budget_s : AB_BUDGET_S;
}

static bool is_spent(struct ab *ab, double share)
{
    if (!ab->result->interrupted && interrupt_arrived(&ab->interrupt))
        ab->result->interrupted = true;
    /* Not before the first block: a run of nothing helps nobody, however small the budget or busy the machine. */
    if (ab->result->blocks && (double)(clock_wall_ns() - ab->began_ns) / 1e9 > share * budget_of(ab))
        ab->result->out_of_budget = true;
    return ab->result->interrupted || ab->result->out_of_budget;
}

bool ab_is_over(struct ab *ab)
{
    return is_spent(ab, 1);
}

static int run_pair(struct ab *ab, struct ab_case *subject, int pair, int first, struct error *error)
{
    char padding[PADDING_BYTES + sizeof PADDING_NAME];
    double times[AB_SIDES] = { NAN, NAN };
    int code = 0;
    make_padding(ab, subject, pair, padding);
    for (int i = 0; code == 0 && i < AB_SIDES && !ab->result->interrupted; i++) {
        int side = i ? !first : first;
        ab_measure(ab, subject, side, pair, padding, &times[side], &code, error);
        ab->progress.done++;
    }
    if (times[AB_BASE] > 0 && times[AB_CANDIDATE] > 0) /* neither NaN nor 0: else it is no pair */
        subject->differences[subject->pair_count++] = log(times[AB_CANDIDATE] / times[AB_BASE]);
    for (int side = 0; side < AB_SIDES; side++)
        if (subject->failures[side] >= AB_FAILURE_LIMIT)
            subject->state = AB_CLOSED;
    return code;
}

int ab_run_block(struct ab *ab, struct ab_case *subject, int block, struct error *error)
{
    struct rng rng;
    int code = 0;
    rng_seed(&rng, rng_mix(rng_mix(ab->seed, ~(uint64_t)(subject - ab->cases)), (uint64_t)block));
    int first = (int)rng_below(&rng, 2);
    ab_show(ab, subject, block);
    for (int i = 0; code == 0 && i < 2 && subject->state != AB_CLOSED && !ab->result->interrupted; i++)
        code = run_pair(ab, subject, 2 * block + i, i ? !first : first, error);
    subject->blocks++;
    if (ab->result->blocks < subject->blocks)
        ab->result->blocks = subject->blocks;
    return code;
}

static size_t count_open(const struct ab *ab)
{
    size_t open = 0;
    for (size_t i = 0; i < ab->case_count; i++)
        open += ab->cases[i].state == AB_OPEN;
    return open;
}

/* One block of every open case, in random order. */
static int run_blocks(struct ab *ab, int block, struct error *error)
{
    struct rng rng;
    struct arena arena = { 0 };
    size_t *order = arena_array(&arena, ab->case_count, sizeof *order), count = 0;
    int code = 0;
    for (size_t i = 0; i < ab->case_count; i++)
        if (ab->cases[i].state == AB_OPEN)
            order[count++] = i;
    rng_seed(&rng, rng_mix(ab->seed, (uint64_t)block));
    rng_shuffle(&rng, order, count);
    ab->progress.sample_count = ab->sides[AB_BASE].result.sample_count + ab->sides[AB_CANDIDATE].result.sample_count;
    ab->progress.total = ab->progress.done + count * 4 * (size_t)(ab_block_limit(ab) - block);
    progress_round_begin(&ab->progress, block, clock_wall_ns());
    for (size_t i = 0; code == 0 && i < count && !is_spent(ab, BLOCK_SHARE); i++)
        code = ab_run_block(ab, &ab->cases[order[i]], block, error);
    progress_clear(&ab->progress);
    ab->progress.sample_count = ab->sides[AB_BASE].result.sample_count + ab->sides[AB_CANDIDATE].result.sample_count;
    if (code == 0 && !ab->result->interrupted)
        progress_round_end(&ab->progress, clock_wall_ns());
    arena_release(&arena);
    return code;
}

static void warn_of_budget(const struct ab *ab)
{
    double budget_s = BLOCK_SHARE * budget_of(ab), needed_s = 0;
    char needed[32], budget[32];
    for (size_t i = 0; i < ab->case_count; i++)
        if (ab->cases[i].state == AB_OPEN)
            needed_s += ab->cases[i].duration_s * 4 * ab_look_blocks(ab, 0);
    if (needed_s > budget_s)
        log_warn(
            "the first look needs %d blocks of %zu cases, about %s, and the budget is %s: most will stay undecided "
            "(--budget, --filter or --min-time)",
            ab_look_blocks(ab, 0), count_open(ab), str_duration(needed, sizeof needed, ceil(needed_s)),
            str_duration(budget, sizeof budget, budget_s));
}

/* Judges, and measures again what was called. */
static int look_and_confirm(struct ab *ab, int look, bool final, struct error *error)
{
    int code = ab_look(ab, look, error);
    return code == 0 ? ab_confirm(ab, look, final, error) : code;
}

/* What the budget or Ctrl-C ends is judged by the last look, whose alpha is still there. Of the budget a fifth is left.
 */
static int look_at_last(struct ab *ab, int looks, struct error *error)
{
    bool is_open = count_open(ab) || looks == 0;
    ab->last_look = is_open ? ab_look_count(ab) - 1 : looks - 1;
    if (ab->result->interrupted)
        return 0;
    bool out_of_budget = ab->result->out_of_budget;
    ab->result->out_of_budget = false;
    int code = is_open ? look_and_confirm(ab, ab->last_look, true, error) : ab_confirm(ab, ab->last_look, true, error);
    ab->result->out_of_budget |= out_of_budget;
    return code;
}

int ab_blocks(struct ab *ab, struct error *error)
{
    int code = 0, look = 0, limit = ab_block_limit(ab);
    ab->progress.phase = "block";
    ab->progress.round_count = limit;
    ab->progress.done = 0;
    for (size_t i = 0; i < ab->case_count; i++)
        ab->cases[i].differences = arena_array(&ab->arena, 2 * (size_t)limit * (2 + AB_ATTEMPT_LIMIT), sizeof(double));
    warn_of_budget(ab);
    for (int block = 0; code == 0 && block < limit && count_open(ab) && !is_spent(ab, BLOCK_SHARE); block++) {
        code = run_blocks(ab, block, error);
        bool is_look = block + 1 >= ab_look_blocks(ab, look) && block + 1 < limit;
        if (code == 0 && is_look && !ab->result->interrupted && !ab->result->out_of_budget)
            code = look_and_confirm(ab, look++, false, error);
    }
    return code == 0 ? look_at_last(ab, look, error) : code;
}
