/* chart_place.c: free places for labels, greedily. */
#include "reports/chart_place.h"
#include <math.h>

void chart_place_take(struct chart_place *place, struct chart_box box)
{
    if (place->count < CHART_BOX_LIMIT)
        place->taken[place->count++] = box;
}

bool chart_place_is_free(const struct chart_place *place, struct chart_box box)
{
    const struct chart_box *bounds = &place->bounds;
    if (box.left < bounds->left || box.right > bounds->right || box.top < bounds->top || box.bottom > bounds->bottom)
        return false;
    for (size_t i = 0; i < place->count; i++) {
        const struct chart_box *other = &place->taken[i];
        if (box.left < other->right && other->left < box.right && box.top < other->bottom && other->top < box.bottom)
            return false;
    }
    return true;
}

bool chart_place_around(struct chart_place *place, double x, double y, double width, double height, double reach,
                        struct chart_box *box, struct chart_leader *leader)
{
    static const double degrees[] = { 0, 180, 35, 325, 145, 215, 90, 270, 60, 300, 120, 240 };
    for (double radius = 8; radius <= reach; radius += 12)
        for (size_t i = 0; i < sizeof degrees / sizeof degrees[0]; i++) {
            double angle = degrees[i] * 3.14159265358979 / 180;
            double dx = radius * cos(angle), dy = -radius * sin(angle);
            double left = x + dx - (fabs(dx) < 1 ? width / 2 : dx < 0 ? width : 0);
            *box = (struct chart_box){ left, y + dy - height / 2, left + width, y + dy + height / 2 };
            if (!chart_place_is_free(place, *box))
                continue;
            chart_place_take(place, *box);
            *leader = (struct chart_leader){ x, y, fmax(box->left - 2, fmin(box->right + 2, x)),
                                             fmax(box->top, fmin(box->bottom, y)) };
            return true;
        }
    return false;
}
