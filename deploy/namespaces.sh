#!/usr/bin/env bash
# A library that lets the clock of a test's node jump: installed where that is possible (root, apt), otherwise the tests name it in a skip.
set -euo pipefail
compgen -G '/usr/lib*/faketime/libfaketime.so.1' >/dev/null && exit 0
compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libfaketime >/dev/null
else
  echo "libfaketime is missing: the cluster in namespaces will be skipped (Debian: sudo apt-get install libfaketime)" >&2
fi
