// consumers.js CONSUMER FILE [CONSUMER FILE...]: reads benchmark programs' JSON by the rules of the tools that read such
// files. A line for each: the number of results, or -1 and the reason where that tool would fail or be misled.
'use strict';
const fs = require('fs');

const fail = (text) => { throw new Error(text); };
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const isText = (value) => typeof value === 'string' && value !== '';

// Keys that Google Benchmark's records have; all others are counters, or ours.
const schema = new Set(['name', 'family_index', 'per_family_instance_index', 'run_name', 'run_type', 'repetitions',
    'repetition_index', 'threads', 'aggregate_name', 'aggregate_unit', 'error_occurred', 'error_message', 'skipped',
    'skip_message', 'iterations', 'real_time', 'cpu_time', 'time_unit', 'cpu_coefficient', 'real_coefficient', 'big_o',
    'rms', 'allocs_per_iter', 'max_bytes_used', 'total_allocated_bytes', 'net_heap_growth', 'label']);

// Strict JSON in strict UTF-8, and nothing around it.
function parse(file) {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(fs.readFileSync(file));
    return JSON.parse(text);
}

const consumers = {
    strict: (root) => root.benchmarks.length,

    // github-action-benchmark, tool "googlecpp": every record becomes a point of a chart.
    github_action_benchmark(root) {
        for (const record of root.benchmarks) {
            if (!isText(record.name) || !isNumber(record.real_time) || !isText(record.time_unit))
                fail(`${record.name}: no value to draw`);
            if (!isNumber(record.iterations) || !isNumber(record.cpu_time) || !isNumber(record.threads))
                fail(`${record.name}: 'undefined' in the text beside the point`);
        }
        return root.benchmarks.length;
    },

    // bencher.dev, adapter cpp_google: one record that does not fit fails the whole file.
    bencher(root) {
        if (!Array.isArray(root.context.caches))
            fail('context.caches is no array');
        for (const record of root.benchmarks)
            if (!isText(record.name) || !isNumber(record.real_time) || !['ns', 'us', 'ms', 's'].includes(record.time_unit))
                fail(`${record.name}: no real_time in a known unit`);
        return root.benchmarks.length;
    },

    // conbench and Apache Arrow's archery: aggregates are dropped, what is not a keyword is a counter.
    conbench(root) {
        let count = 0;
        for (const record of root.benchmarks) {
            if (!['iteration', 'aggregate'].includes(record.run_type))
                fail(`${record.name}: no run_type`);
            if (record.run_type === 'aggregate')
                continue;
            for (const key of ['name', 'real_time', 'cpu_time', 'time_unit'])
                if (record[key] === undefined)
                    fail(`${record.name}: no ${key}`);
            const time = record.name.includes('/real_time') ? record.real_time : record.cpu_time;
            const value = record.bytes_per_second ?? record.items_per_second ?? time;
            if (!isNumber(value))
                fail(`${record.name}: no value`);
            count++;
        }
        return count;
    },

    // LLVM's test-suite: lit takes the name and the CPU time of every record.
    lit(root) {
        for (const record of root.benchmarks)
            if (!isText(record.name) || !isNumber(record.cpu_time))
                fail(`${record.name}: no cpu_time`);
        return root.benchmarks.length;
    },

    // Our own promise: what Google Benchmark does not have starts with prony_. Its counters are the test's: they start
    // with counter_, or are the two that the library names.
    extra_keys(root) {
        for (const record of root.benchmarks)
            for (const key of Object.keys(record))
                if (!schema.has(key) && !/^(prony_|counter_|(bytes|items)_per_second$)/.test(key))
                    fail(`${record.name}: unknown key ${key}`);
        return root.benchmarks.length;
    },

    // Names only: the answer to --benchmark_list_tests.
    list(root) {
        if (Object.keys(root).join() !== 'benchmarks' || !root.benchmarks.every((record) => isText(record.name)))
            fail('not a list of names');
        return root.benchmarks.length;
    },
};

for (let i = 2; i + 1 < process.argv.length; i += 2) {
    try {
        console.log(consumers[process.argv[i]](parse(process.argv[i + 1])));
    } catch (error) {
        console.log(`-1 ${process.argv[i]}: ${error.message}`.replace(/\n/g, ' '));
    }
}
