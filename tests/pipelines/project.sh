#!/usr/bin/env bash
# project.sh HOST: a project that is not Prony, in HOST/origin.git and a checkout HOST/mine: the two kernels of
# tests/clients/counting_suite.c, whose "time" is the steps that they really make and a little luck. A slower kernel is slower by
# exactly its work, on any machine and however busy that is. It has the pipelines of both hosts.
set -euo pipefail
host=$(realpath "$1")
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
git init -q --bare -b main "$host/origin.git"
git -C "$host/origin.git" config uploadpack.allowAnySHA1InWant true # as the hosts allow it
git init -q -b main "$host/mine"
cd "$host/mine"
git remote add origin "$host/origin.git"

printf '%s\n' 'extern unsigned long steps;' 'unsigned dot(unsigned x);' 'unsigned scale(unsigned x);' >kernels.h
cat >kernels.c <<'END'
#include "kernels.h"
unsigned dot(unsigned x)
{
    for (int i = 0; i < 20000; i++, steps++)
        x = x * 1664525u + 1013904223u;
    return x;
}
unsigned scale(unsigned x)
{
    for (int i = 0; i < 20000; i++, steps++)
        x = (x ^ (x >> 7)) * 31u;
    return x;
}
END
# Without a fixed order of processes luck must be small, that the verdict is certain.
sed 's/0\.01 \* luck/0.002 * luck/' "$checkout/tests/clients/counting_suite.c" >bench.c
grep -q '0.002 \* luck' bench.c
printf '%s\n' 'bin/bench: bench.c kernels.c kernels.h' $'\t@mkdir -p bin' $'\tcc -std=gnu11 -O1 -o $@ bench.c kernels.c' >Makefile
printf '%s\n' 'rounds = 3' '[project]' 'build = make' 'programs = bin' '[suite bench]' 'program = bench' 'min_time = 100x' >prony.conf
printf '%s\n' bin >.gitignore

mkdir -p .github/workflows ci
for name in nightly pull-request pull-request-comment; do
    cp "$checkout/ci/github/$name.yml" ".github/workflows/prony-$name.yml"
done
cp "$checkout/ci/gitlab/prony.yml" ci/prony.yml
printf '%s\n' 'include:' '  - local: ci/prony.yml' >.gitlab-ci.yml
git add .
git commit -q -m first
git push -q origin main

# branch NAME COMMAND: a request's branch, one commit before main.
branch() {
    git checkout -q -b "$1" main
    sh -c "$2"
    git commit -q -a -m "$1"
    git push -q origin "$1"
    git checkout -q main
}
branch slow "sed -i '0,/20000/s//21000/' kernels.c"
branch innocent "echo 'int version(void) { return 2; }' >>kernels.c"
branch broken "echo 'this is no C' >>kernels.c"
for name in slow innocent broken; do
    printf '{"head": "%s", "base": "main", "labels": []}\n' $name >"$host/pulls/$name.json"
done
mv "$host/pulls/slow.json" "$host/pulls/5.json"
mv "$host/pulls/innocent.json" "$host/pulls/6.json"
mv "$host/pulls/broken.json" "$host/pulls/7.json"
printf '{"LUCK": "%s", "PRONY_NO_DOCTOR": "1"}\n' "$host/luck" >"$host/machine.json"
echo 0 >"$host/luck"
