"""One analysis of a million rows in a process of its own: the most memory it added, in bytes per byte of input.

python -m bench._footprint TASK ROWS
"""

import ctypes
import gc
import json
import sys
from pathlib import Path

from bench.stats import columns, make, ours

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")
COMPILED = 20_000
"""So many rows that the kernels of large tables are loaded before memory is measured."""


def resident(field: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def main(task: str, rows: int) -> None:
    ours(columns(make(COMPILED)))[task]()
    data = columns(make(rows))
    given = data[:4] if task != "Cox, 5 covariates" else data
    size = sum(column.nbytes for column in given)
    call = ours(data)[task]
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # freed memory that stays with the process would hide what the call takes
    before = resident("VmRSS:")
    RESET.write_text("5")
    call()
    print(json.dumps({"input": size, "added": max(0, resident("VmHWM:") - before)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
