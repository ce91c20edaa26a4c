window.BENCHMARK_DATA = {
 "lastUpdate": 1700000010000,
 "repoUrl": "https://example.com/r",
 "entries": {
  "Go": [
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "message": "change a",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    },
    "date": 1700000000000,
    "tool": "go",
    "benches": [
     {
      "name": "BenchmarkSum/n=64 (example.com/sum)",
      "value": 64,
      "unit": "ns/op\t11172.09 MB/s",
      "extra": "822807 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum) - ns/op",
      "value": 64,
      "unit": "ns/op",
      "extra": "822807 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum) - MB/s",
      "value": 11172.09,
      "unit": "MB/s",
      "extra": "822807 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum)",
      "value": 64,
      "unit": "ns/op\t12849.61 MB/s",
      "extra": "1000000 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum) - ns/op",
      "value": 64,
      "unit": "ns/op",
      "extra": "1000000 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum) - MB/s",
      "value": 12849.61,
      "unit": "MB/s",
      "extra": "1000000 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum)",
      "value": 64,
      "unit": "ns/op\t      64 B/op\t       1 allocs/op",
      "extra": "513765 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - ns/op",
      "value": 64,
      "unit": "ns/op",
      "extra": "513765 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - B/op",
      "value": 64,
      "unit": "B/op",
      "extra": "513765 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - allocs/op",
      "value": 1,
      "unit": "allocs/op",
      "extra": "513765 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum)",
      "value": 64,
      "unit": "ns/op\t      64 B/op\t       1 allocs/op",
      "extra": "382376 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - ns/op",
      "value": 64,
      "unit": "ns/op",
      "extra": "382376 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - B/op",
      "value": 64,
      "unit": "B/op",
      "extra": "382376 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - allocs/op",
      "value": 1,
      "unit": "allocs/op",
      "extra": "382376 times\n2 procs"
     }
    ]
   },
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
     "message": "change b",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    },
    "date": 1700000005000,
    "tool": "go",
    "benches": [
     {
      "name": "BenchmarkSum/n=64 (example.com/sum)",
      "value": 64,
      "unit": "ns/op\t10066.84 MB/s",
      "extra": "804308 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum) - ns/op",
      "value": 64,
      "unit": "ns/op",
      "extra": "804308 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum) - MB/s",
      "value": 10066.84,
      "unit": "MB/s",
      "extra": "804308 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum)",
      "value": 64,
      "unit": "ns/op\t11266.38 MB/s",
      "extra": "1000000 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum) - ns/op",
      "value": 64,
      "unit": "ns/op",
      "extra": "1000000 times\n2 procs"
     },
     {
      "name": "BenchmarkSum/n=64 (example.com/sum) - MB/s",
      "value": 11266.38,
      "unit": "MB/s",
      "extra": "1000000 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum)",
      "value": 64,
      "unit": "ns/op\t      64 B/op\t       1 allocs/op",
      "extra": "434805 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - ns/op",
      "value": 64,
      "unit": "ns/op",
      "extra": "434805 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - B/op",
      "value": 64,
      "unit": "B/op",
      "extra": "434805 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - allocs/op",
      "value": 1,
      "unit": "allocs/op",
      "extra": "434805 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum)",
      "value": 64,
      "unit": "ns/op\t      64 B/op\t       1 allocs/op",
      "extra": "420397 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - ns/op",
      "value": 64,
      "unit": "ns/op",
      "extra": "420397 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - B/op",
      "value": 64,
      "unit": "B/op",
      "extra": "420397 times\n2 procs"
     },
     {
      "name": "BenchmarkAlloc (example.com/sum) - allocs/op",
      "value": 1,
      "unit": "allocs/op",
      "extra": "420397 times\n2 procs"
     }
    ]
   }
  ],
  "C++": [
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "message": "change a",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    },
    "date": 1700000001000,
    "tool": "googlecpp",
    "benches": [
     {
      "name": "BM_sum/64",
      "value": 75.97879641913579,
      "unit": "ns/iter",
      "extra": "iterations: 365457\ncpu: 36.227974836984934 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64",
      "value": 77.48112088969555,
      "unit": "ns/iter",
      "extra": "iterations: 365457\ncpu: 37.731886377877565 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64_mean",
      "value": 75.23322853253573,
      "unit": "ns/iter",
      "extra": "iterations: 5\ncpu: 36.66387290433623 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64_median",
      "value": 75.97879641913579,
      "unit": "ns/iter",
      "extra": "iterations: 5\ncpu: 36.249539617519986 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64_stddev",
      "value": 4.345673886439135,
      "unit": "ns/iter",
      "extra": "iterations: 5\ncpu: 0.8726941380258351 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64_cv",
      "value": 0.057762693044068746,
      "unit": "ns/iter",
      "extra": "iterations: 5\ncpu: 0.023802562819887525 ns\nthreads: 1"
     },
     {
      "name": "BM_broken",
      "value": 0,
      "unit": "ns/iter",
      "extra": "iterations: 1\ncpu: 0 ns\nthreads: 1"
     },
     {
      "name": "BM_broken",
      "value": 0,
      "unit": "ns/iter",
      "extra": "iterations: 1\ncpu: 0 ns\nthreads: 1"
     },
     {
      "name": "BM_o_BigO",
      "unit": "ns/iter",
      "extra": "iterations: undefined\ncpu: undefined ns\nthreads: 1"
     },
     {
      "name": "BM_o_RMS",
      "unit": "undefined/iter",
      "extra": "iterations: undefined\ncpu: undefined undefined\nthreads: 1"
     }
    ]
   },
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
     "message": "change b",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    },
    "date": 1700000006000,
    "tool": "googlecpp",
    "benches": [
     {
      "name": "BM_sum/64",
      "value": 54.15454075985306,
      "unit": "ns/iter",
      "extra": "iterations: 378515\ncpu: 37.25362535170337 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64",
      "value": 37.56188526175585,
      "unit": "ns/iter",
      "extra": "iterations: 378515\ncpu: 36.32112862105861 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64_mean",
      "value": 41.0481365312625,
      "unit": "ns/iter",
      "extra": "iterations: 5\ncpu: 36.64268628720132 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64_median",
      "value": 37.77667462917354,
      "unit": "ns/iter",
      "extra": "iterations: 5\ncpu: 36.594890559158834 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64_stddev",
      "value": 7.328688915645392,
      "unit": "ns/iter",
      "extra": "iterations: 5\ncpu: 0.3773468921946278 ns\nthreads: 1"
     },
     {
      "name": "BM_sum/64_cv",
      "value": 0.17853889445295087,
      "unit": "ns/iter",
      "extra": "iterations: 5\ncpu: 0.010298013885691256 ns\nthreads: 1"
     },
     {
      "name": "BM_broken",
      "value": 0,
      "unit": "ns/iter",
      "extra": "iterations: 1\ncpu: 0 ns\nthreads: 1"
     },
     {
      "name": "BM_broken",
      "value": 0,
      "unit": "ns/iter",
      "extra": "iterations: 1\ncpu: 0 ns\nthreads: 1"
     },
     {
      "name": "BM_o_BigO",
      "value": null,
      "unit": "ns/iter",
      "extra": "iterations: undefined\ncpu: undefined ns\nthreads: 1"
     },
     {
      "name": "BM_o_RMS",
      "unit": "undefined/iter",
      "extra": "iterations: undefined\ncpu: undefined undefined\nthreads: 1"
     }
    ]
   }
  ],
  "Py": [
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "message": "change a",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    },
    "date": 1700000002000,
    "tool": "pytest",
    "benches": [
     {
      "name": "test_fib.py::test_fib[5]",
      "value": 1205693.012382396,
      "unit": "iter/sec",
      "range": "stddev: 0.0000010279519398092366",
      "extra": "mean: 829.3985199632567 nsec\nrounds: 19147"
     }
    ]
   },
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
     "message": "change b",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    },
    "date": 1700000007000,
    "tool": "pytest",
    "benches": [
     {
      "name": "test_fib.py::test_fib[5]",
      "value": 1156327.713859958,
      "unit": "iter/sec",
      "range": "stddev: 0.0000013903340620579336",
      "extra": "mean: 864.806739485541 nsec\nrounds: 18787"
     }
    ]
   }
  ],
  "JS": [
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "message": "change a",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    },
    "date": 1700000003000,
    "tool": "benchmarkjs",
    "benches": [
     {
      "name": "fib(10)",
      "value": 1431759,
      "range": "±0.74%",
      "unit": "ops/sec",
      "extra": "93 samples"
     }
    ]
   },
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
     "message": "change b",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    },
    "date": 1700000008000,
    "tool": "benchmarkjs",
    "benches": [
     {
      "name": "fib(10)",
      "value": 1431759,
      "range": "±0.74%",
      "unit": "ops/sec",
      "extra": "93 samples"
     }
    ]
   }
  ],
  "Custom": [
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "message": "change a",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    },
    "date": 1700000004000,
    "tool": "customBiggerIsBetter",
    "benches": [
     {
      "name": "throughput",
      "value": 41.5,
      "range": "3",
      "unit": "tokens/s"
     },
     {
      "name": "memory",
      "value": 12.5,
      "unit": "Megabytes",
      "extra": "x"
     }
    ]
   },
   {
    "commit": {
     "author": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "committer": {
      "email": "a@example.com",
      "name": "A",
      "username": "a"
     },
     "distinct": true,
     "id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
     "message": "change b",
     "timestamp": "2023-11-14T22:13:20+00:00",
     "tree_id": "c",
     "url": "https://example.com/r/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    },
    "date": 1700000009000,
    "tool": "customBiggerIsBetter",
    "benches": [
     {
      "name": "throughput",
      "value": 41.5,
      "range": "3",
      "unit": "tokens/s"
     },
     {
      "name": "memory",
      "value": 12.5,
      "unit": "Megabytes",
      "extra": "x"
     }
    ]
   }
  ]
 }
}