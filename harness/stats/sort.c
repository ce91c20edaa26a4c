/* sort.c: sorting and selecting doubles. Statistics of a thousand cases spend most of their time here, so the
 * comparison is inlined, which qsort cannot do. */
#include "harness/stats/stats.h"

enum { INSERTION_LIMIT = 24 };

static void insertion_sort(double *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        double value = values[i];
        size_t j = i;
        for (; j > 0 && value < values[j - 1]; j--)
            values[j] = values[j - 1];
        values[j] = value;
    }
}

static void sift_down(double *heap, size_t root, size_t count)
{
    double value = heap[root];
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        child += child + 1 < count && heap[child] < heap[child + 1];
        if (!(value < heap[child]))
            break;
        heap[root] = heap[child];
    }
    heap[root] = value;
}

static void heap_sort(double *values, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(values, i, count);
    for (size_t end = count; end-- > 1;) {
        double largest = values[0];
        values[0] = values[end];
        values[end] = largest;
        sift_down(values, 0, end);
    }
}

static double median_of_three(double a, double b, double c)
{
    if (a < b)
        return b < c ? b : a < c ? c : a;
    return a < c ? a : b < c ? c : b;
}

/* Hoare's partition: afterwards [0, split) <= pivot <= [split, count), and neither side is empty. */
static size_t partition(double *values, size_t count)
{
    double pivot = median_of_three(values[0], values[count / 2], values[count - 1]);
    size_t low = 0, high = count - 1;
    for (;; low++, high--) {
        while (values[low] < pivot)
            low++;
        while (pivot < values[high])
            high--;
        if (low >= high)
            break;
        double swapped = values[low];
        values[low] = values[high];
        values[high] = swapped;
    }
    /* The pivot is one of the values, so low stops at or before the end; it may stop at 0 only with high there too. */
    return low ? low : 1;
}

/* Quicksort that gives up in time, as introsort does (Musser 1997): never worse than n log n. */
static void sort_within(double *values, size_t count, int depth)
{
    while (count > INSERTION_LIMIT) {
        if (depth-- == 0) {
            heap_sort(values, count);
            return;
        }
        size_t split = partition(values, count);
        if (split < count - split) {
            sort_within(values, split, depth);
            values += split;
            count -= split;
        } else {
            sort_within(values + split, count - split, depth);
            count = split;
        }
    }
    insertion_sort(values, count);
}

static int depth_limit(size_t count)
{
    int depth = 0;
    for (; count > 1; count /= 2)
        depth += 2;
    return depth;
}

void stats_sort(double *values, size_t count)
{
    sort_within(values, count, depth_limit(count));
}

double stats_select(double *values, size_t count, size_t rank)
{
    int depth = depth_limit(count);
    while (count > INSERTION_LIMIT && depth-- > 0) {
        size_t split = partition(values, count);
        if (rank < split) {
            count = split;
        } else {
            values += split;
            rank -= split;
            count -= split;
        }
    }
    stats_sort(values, count);
    return values[rank];
}
