/* import_formats.c: the table of formats, in the order in which a file is asked whether it is one of them. */
#include "harness/run/import_formats.h"

const struct import_format import_formats[] = {
    { { "prony", "what prony db export --format json wrote" }, import_is_prony, NULL, import_prepare_prony },
    { { "gbench", "Google Benchmark JSON (--benchmark_out=FILE)" }, import_is_gbench, import_read_gbench, NULL },
    { { "llama-bench", "llama-bench -o json, jsonl, sql or csv" },
      import_is_llama_bench,
      import_read_llama_bench,
      NULL },
    { { "gobench", "what go test -bench writes, with -json too" }, import_is_gobench, import_read_gobench, NULL },
    { { "hyperfine", "hyperfine --export-json" }, import_is_hyperfine, import_read_hyperfine, NULL },
    { { "criterion", "target/criterion, or cargo criterion --message-format=json" },
      import_is_criterion,
      import_read_criterion,
      NULL },
    { { "pytest-benchmark", "pytest --benchmark-json" }, import_is_pytest, import_read_pytest, NULL },
    { { "github-action-benchmark", "its data.js: a history" }, import_is_gh_action, import_read_gh_action, NULL },
};
const size_t import_format_count = sizeof import_formats / sizeof import_formats[0];
