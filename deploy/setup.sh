#!/usr/bin/env bash
# Makes .venv from the hash-pinned lock and puts `kpledger` into it. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

usable() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] not in {(3, 11), (3, 12)})' 2>/dev/null; }

python=""
for name in "${PYTHON:-}" python3 python3.12 python3.11 /usr/bin/python3; do
  if [ -n "$name" ] && command -v "$name" >/dev/null && usable "$name"; then python=$(command -v "$name"); break; fi
done
if [ -z "$python" ]; then
  echo "kpledger needs Python 3.11 or 3.12: none was found on this machine." >&2
  echo "LevelDB's binding has no build for other versions." >&2
  echo "Install one (Debian: apt-get install python3 python3-venv), or name it: PYTHON=/path/to/python3.12 make setup" >&2
  exit 69
fi

if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
  else
    echo "Python's venv module is missing." >&2
    echo "Without it no separate environment can be made." >&2
    echo "Install it (Debian: sudo apt-get install python3-venv) and run make setup again." >&2
    exit 69
  fi
fi

[ -x .venv/bin/python ] && usable .venv/bin/python || { rm -rf .venv; "$python" -m venv .venv; }
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
