#!/bin/sh
# Builds the fuzz targets with coverage for libFuzzer and runs each for so many seconds, two at a time. The flags that
# cargo-fuzz gives are the compiler's own, so that a stable Rust does. What a target has found goes on from run to run in
# target/fuzz/corpus; an input that makes one fail is left in target/fuzz/NAME and named at the end.
#   fuzz/run.sh SECONDS [TARGET…]
set -eu
cd "$(dirname "$0")/.."
seconds=$1
shift
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml | grep -v '^iiswsgi-fuzz$')
out=$PWD/target/fuzz
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0"
names=""
for name in "$@"; do names="$names --bin $name"; done
# A target of its own, so that libraries that run while they are built (proc macros) are not measured.
RUSTFLAGS="--cfg fuzzing -Cdebug-assertions -Coverflow-checks $coverage" CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
  cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target-dir "$out" --target "$(rustc -vV | sed -n 's/^host: //p')" $names
built=$(echo "$out"/*-*/release)
run() {
  mkdir -p "$out/corpus/$1" "$out/$1"
  if "$built/$1" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 -artifact_prefix="$out/$1/" "$out/corpus/$1" >"$out/$1.log" 2>&1; then
    printf '%s: %s executions in %s s\n' "$1" "$(sed -n 's/^stat::number_of_executed_units: //p' "$out/$1.log")" "$seconds"
  else
    tail -30 "$out/$1.log"
    printf '%s: FAILED, see above; the input is in %s\n' "$1" "$out/$1"
    touch "$out/failed"
  fi
}
rm -f "$out/failed"
while [ $# -gt 0 ]; do
  run "$1" & 
  if [ $# -gt 1 ]; then run "$2" & shift; fi
  shift
  wait
done
[ ! -e "$out/failed" ]
