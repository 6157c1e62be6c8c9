#!/bin/bash
# The tests of the server and of what it stores, under ThreadSanitizer, in a build folder of its own. Ends with 66 when there is a data race.
#
# Left out: tests that start the binary to kill it, to break its disk, or to do whole jobs. Another process's races are not seen from here, and a server that
# strace holds up, or that is killed while it starts ten times slower, shows nothing that the same code does not show within the process.
# One test after the other: it is the server that is to have many threads, and tests that wait for each other's two outlast its time limits.
set -euo pipefail
cd "$(dirname "$0")/.."

# For as long as this runs, a mutex in each module that ThreadSanitizer can see: Tests/ThreadSanitizer/Mutex.swift says why.
links=(Sources/Engine/ThreadSanitizerMutex.swift Sources/Storage/ThreadSanitizerMutex.swift Sources/HTTP/ThreadSanitizerMutex.swift
  Sources/Jobs/ThreadSanitizerMutex.swift Sources/Server/ThreadSanitizerMutex.swift
  Sources/CommandLine/ThreadSanitizerMutex.swift)
trap 'rm -f "${links[@]}"' EXIT
for link in "${links[@]}"; do ln -sf ../../Tests/ThreadSanitizer/Mutex.swift "$link"; done

export TSAN_OPTIONS="halt_on_error=0:exitcode=66:history_size=4 ${TSAN_OPTIONS:-}"
swift test --sanitize=thread --scratch-path .build-tsan --no-parallel --filter '^(CommandLine|HTTP|Jobs|Server|Storage)Tests\.' \
  --skip 'CrashTests|ResumedJobTests|FaultTests|FullTableTests|PruneTests' "$@"
