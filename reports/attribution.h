/* attribution.h: where the change of a whole model comes from (compare.h: compare_attribution), in each format, and the
 * rows and sentences that they share. Texts live in the arena; foreign parts of them are not escaped yet. */
#ifndef PRONY_REPORTS_ATTRIBUTION_H
#define PRONY_REPORTS_ATTRIBUTION_H

#include "reports/judgement_words.h"

/* ---- attribution_words.c ---- */

/* Those worth a reader's time: of cases that changed; where none did, of those that are undecided. list has room for
 * attribution_count. */
size_t attribution_select(const struct comparison *comparison, const struct compare_attribution **list);

/* A row of the table: a part, or a sum below them. NaN = an empty cell. */
struct attribution_row {
    const char *name;
    double base_ns, change_ns;
    struct stats_interval interval; /* of change_ns */
    double share;                   /* of the whole's change; NaN where that is smaller than its own noise */
    double effect, kernel_effect, layer_effect;
    bool is_sum;
};
/* The parts, the largest change first, the small ones as one row if there are more than limit; then the sums. *count:
 * how many rows. */
const struct attribution_row *attribution_rows(const struct compare_attribution *item, size_t limit,
                                               struct arena *arena, size_t *count);

/* One unit and one number of digits for all changes of a table. */
struct attribution_scale {
    double factor;
    int decimals;
    const char *unit;
};
struct attribution_scale attribution_scale(const struct compare_attribution *item);
/* "+310", "[+210, +402]" in that unit; "" if it is not finite. Buffers of 64 bytes. */
char *attribution_number(char *buffer, size_t size, struct attribution_scale scale, double time_ns);
char *attribution_interval(char *buffer, size_t size, struct attribution_scale scale, struct stats_interval interval);

/* What the table says, in sentences. At most ATTRIBUTION_SENTENCES. */
enum { ATTRIBUTION_SENTENCES = 8 };
size_t attribution_sentences(const struct compare_attribution *item, const char *sentences[ATTRIBUTION_SENTENCES],
                             struct arena *arena);
/* How many traced pairs the table rests on, and what its columns mean. */
const char *attribution_legend(const struct compare_attribution *item, struct arena *arena);

/* ---- one format each ---- */

void attribution_text(struct str *out, const struct compare_attribution *item, struct arena *arena);
/* A block that folds; index names it on its page. */
void attribution_html(struct str *out, const struct compare_attribution *item, size_t index, struct arena *arena);
void attribution_markdown(struct str *out, const struct compare_attribution *item, struct arena *arena);

#endif
