#!/bin/bash
# What labkit costs and does on a GPU, in at most five minutes: torch, numpy and this source are all
# it takes, nothing is installed. Without a GPU the same runs on the CPU, as far as it goes.
#
#   tests/gpu/run.sh               everything
#   tests/gpu/run.sh --quick       shorter: does it all run?
#   PYTHON=/path/to/python tests/gpu/run.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
# Same results from the same steps, so that weights can be compared bit for bit.
export CUBLAS_WORKSPACE_CONFIG=:4096:8
python="${PYTHON:-$(command -v python3 || command -v python)}"
exec timeout --kill-after=5 "${LIMIT_S:-300}" "$python" -m tests.gpu.run "$@"
