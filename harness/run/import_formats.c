/* import_formats.c: the table of formats, in the order in which a file is asked whether it is one of them. */
#include "harness/run/import_formats.h"

const struct import_format import_formats[] = {
    { { "gbench", "Google Benchmark JSON (--benchmark_out=FILE)" }, import_is_gbench, import_read_gbench },
    { { "llama-bench", "llama-bench -o json, jsonl or sql" }, import_is_llama_bench, import_read_llama_bench },
    { { "gobench", "the text of go test -bench" }, import_is_gobench, import_read_gobench },
    { { "hyperfine", "hyperfine --export-json" }, import_is_hyperfine, import_read_hyperfine },
    { { "criterion", "target/criterion, or cargo criterion --message-format=json" },
      import_is_criterion,
      import_read_criterion },
    { { "pytest-benchmark", "pytest --benchmark-json" }, import_is_pytest, import_read_pytest },
    { { "github-action-benchmark", "its data.js: a history" }, import_is_gh_action, import_read_gh_action },
};
const size_t import_format_count = sizeof import_formats / sizeof import_formats[0];
