#!/bin/bash
# Fuzzes each reader of strangers' bytes (or those named) for SECONDS_EACH seconds, and prints its line of coverage: cov are edges reached, ft
# features (edges, how often, and what was compared), corp the inputs kept. They stay in .build-fuzz/corpus, so that the next run goes on from
# there. Ends with 1 when there is a finding: what crashed, hung, took too much memory or broke a rule lies in .build-fuzz/findings, and
#     FUZZ_TARGET=NAME .build-fuzz/release/pruner-fuzz FILE
# shows it again.
set -euo pipefail
cd "$(dirname "$0")/../.."
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
# With a `main` of our own around it.
PRUNER_FUZZ=$(echo "$toolchain"/lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-"$(uname -m)".a)
export PRUNER_FUZZ SWIFT_BACKTRACE=enable=no SECONDS_EACH="${SECONDS_EACH:-60}"
# A leak is told by libFuzzer; what libarchive and zlib allocate when they must not is an answer, not a crash.
export ASAN_OPTIONS=allocator_may_return_null=1

swift build -c release --scratch-path .build-fuzz --product pruner-fuzz
python3 Tests/Fuzz/seeds.py .build-fuzz/seeds
mkdir -p .build-fuzz/findings .build-fuzz/logs

one() {
  local name=$1 log=.build-fuzz/logs/$1 dictionary=Tests/Fuzz/Dictionaries/$1.dict length=8192
  case $name in archive | torch | picture) length=20480 ;; fields) length=2048 ;; esac
  mkdir -p ".build-fuzz/corpus/$name"
  local options=(-max_total_time="$SECONDS_EACH" -max_len="$length" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256
    -artifact_prefix=".build-fuzz/findings/$name-")
  if [ -e "$dictionary" ]; then options+=("-dict=$dictionary"); fi
  local status=0
  FUZZ_TARGET=$name .build-fuzz/release/pruner-fuzz ".build-fuzz/corpus/$name" ".build-fuzz/seeds/$name" "${options[@]}" >"$log" 2>&1 || status=$?
  local line
  line=$(grep -E '^#[0-9]+\s+DONE' "$log" | tr -s '\t ' ' ' || true)
  if [ "$status" != 0 ] || [ -z "$line" ]; then
    printf '%-12s FINDING (exit %s), log in %s\n' "$name" "$status" "$log"
    grep -E 'ERROR|SUMMARY|finding:|Fatal error|Test unit written' "$log" | head -6 | sed 's/^/    /'
    return 1
  fi
  printf '%-12s %s\n' "$name" "$line"
  # The counters are lost where the compiler is given its flags otherwise.
  if [[ "$line" =~ cov:\ ([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -gt 50 ]; then return 0; fi
  echo "    there is hardly any coverage: are the counters compiled in?"
  return 1
}
export -f one

if [ $# = 0 ]; then
  # shellcheck disable=SC2046
  set -- $(sed -n 's/.*FuzzTarget(name: "\([a-z]*\)".*/\1/p' Tests/Fuzz/FuzzTarget.swift)
fi
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'one {}' || {
  echo "there are findings" >&2
  exit 1
}
