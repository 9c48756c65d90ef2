#!/usr/bin/env bash
# A virtual environment, also on a bare Debian whose python3 comes without ensurepip.
set -eu
python=$1 venv=$2
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "stream-monitor needs Python 3.11 or later; install it, or say where: make PYTHON=/path/to/python3 ..." >&2
  exit 2
fi
if "$python" -m venv "$venv" >/dev/null 2>&1; then exit 0; fi
rm -rf "$venv"
if "$python" -m virtualenv -q "$venv" >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  exec "$python" -m venv "$venv"
fi
echo "This Python cannot make virtual environments; install them first: sudo apt-get install python3-venv" >&2
exit 2
