#!/usr/bin/env bash
# Others' programs for the tests of the log (Tessera's fsck, the omniwitness): built once, where a Go toolchain is; otherwise their tests say so in a skip.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v go >/dev/null || { echo "go is missing: the tests that run others' programs on the log will be skipped (Debian: sudo apt-get install golang)" >&2; exit 0; }
.venv/bin/python -m tests.foreign.tools || echo "those tests will be skipped" >&2
