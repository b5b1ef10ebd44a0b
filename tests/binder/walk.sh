#!/usr/bin/env bash
# Walks the steps of binder/ in a fresh virtual environment, on a copy of the tree, and runs the
# first notebook there on one processor.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=$(command -v "${PYTHON:-python3}")
walk=$PWD/build/binder
wanted=$(sed 's/^python-//' binder/runtime.txt)
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$found" = "$wanted" ] || echo "Note: Binder runs Python $wanted, this is $found." >&2

rm -rf "$walk"
mkdir -p "$walk/home"
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- |
  tar --extract --directory "$walk/home"
"$python" -m venv "$walk/venv"
export PATH="$walk/venv/bin:$PATH" PIP_DISABLE_PIP_VERSION_CHECK=1
cd "$walk/home"

# Where PyTorch's index cannot be reached, pip need not knock many times for each package.
PIP_RETRIES=${PIP_RETRIES:-1} python -m pip install --quiet -r binder/requirements.txt
./binder/postBuild
if python -m pip list | grep -iE '^(nvidia|cuda)'; then
  echo "CUDA packages were installed beside the CPU build of torch." >&2
  exit 1
fi
du -sh "$walk/venv"

one_processor=()
if command -v taskset >/dev/null; then one_processor=(taskset --cpu-list 0); fi
time ./binder/start "${one_processor[@]}" jupyter execute notebooks/00_start_here.ipynb
