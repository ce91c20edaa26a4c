/* chart_place.h: places labels on a chart so that they cover neither each other nor what is drawn. Pixels, y downwards.
 */
#ifndef PRONY_REPORTS_CHART_PLACE_H
#define PRONY_REPORTS_CHART_PLACE_H

#include <stdbool.h>
#include <stddef.h>

enum { CHART_BOX_LIMIT = 2048 };

struct chart_box {
    double left, top, right, bottom;
};

/* What is taken. When it is full, further boxes are forgotten: labels may then overlap, nothing worse. */
struct chart_place {
    struct chart_box bounds; /* labels stay inside */
    struct chart_box taken[CHART_BOX_LIMIT];
    size_t count;
};

void chart_place_take(struct chart_place *place, struct chart_box box);
bool chart_place_is_free(const struct chart_place *place, struct chart_box box);

/* From the point to the label that belongs to it. */
struct chart_leader {
    double x, y, to_x, to_y;
};

/* Takes the first free place of rings of growing radius around (x, y), beginning at its right and left; false if there
 * is none within reach. */
bool chart_place_around(struct chart_place *place, double x, double y, double width, double height, double reach,
                        struct chart_box *box, struct chart_leader *leader);

#endif
