/* judgement_bars.h: the forest plot made of characters, for where no picture can go. */
#ifndef PRONY_REPORTS_JUDGEMENT_BARS_H
#define PRONY_REPORTS_JUDGEMENT_BARS_H

#include "reports/judgement.h"

/* A line a case that has an effect, in that order, below a scale: bar, effect, name. Lines never begin with foreign
 * text. At most width columns. Returns how many lines of cases were written. */
size_t judgement_bars(struct compare_case *const *cases, size_t count, size_t limit, int width, struct str *out);
/* What the signs mean, in one line. */
const char *judgement_bars_legend(void);

#endif
