#!/usr/bin/env bash
# Chromium for the page tests: installed where that is possible (root, apt), otherwise the tests name it in a skip.
set -euo pipefail
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  echo "chromium is missing: page tests will be skipped (Debian: sudo apt-get install chromium)" >&2
fi
