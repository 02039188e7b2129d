#!/usr/bin/env bash
# SPIN and a C compiler for the tests of the protocol's model: installed where that is possible (root, apt), otherwise they name it in a skip.
set -euo pipefail
command -v spin >/dev/null && command -v gcc >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends spin gcc libc6-dev >/dev/null
else
  echo "spin or gcc is missing: tests of the protocol's model will be skipped (Debian: sudo apt-get install spin gcc libc6-dev)" >&2
fi
