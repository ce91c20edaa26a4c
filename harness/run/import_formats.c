/* import_formats.c: the table of formats, in the order in which a file is asked whether it is one of them. */
#include "harness/run/import_formats.h"

const struct import_format import_formats[] = {
    { { "gbench", "Google Benchmark JSON (--benchmark_format=json)" }, import_is_gbench, import_read_gbench },
};
const size_t import_format_count = sizeof import_formats / sizeof import_formats[0];
