#!/usr/bin/env bash
# The exact versions of everything installed, for `pip install -c`.
set -eu
echo "# Exact versions of all that stream-monitor, its tests and its lint need; made by: make lock"
"$1" freeze --exclude-editable --exclude pip --exclude setuptools --exclude wheel | LC_ALL=C sort -f
