"""The first call of everything in a new process, its kernels to be compiled: seconds, as JSON.

NUMBA_CACHE_DIR=EMPTY python -m bench._cold ROWS
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

START = time.perf_counter()

from trialwright import stats  # noqa: E402

IMPORT = time.perf_counter() - START


def main(rows: int) -> None:
    from bench.stats import columns, make, named, primary

    data = columns(make(rows))
    calls: dict[str, Callable[[], Any]] = {
        "primary analysis": lambda: primary(data),
        **{f"Cox, {ties}": lambda t=ties: stats.cox(named(data), ties=t) for ties in ("breslow", "exact", "discrete")},
        "Cox, 5 covariates": lambda: stats.cox_regression(with_covariates(data)),
        "MaxCombo": lambda: stats.max_combo(named(data)),
        "restricted means": lambda: stats.compare_restricted_means(named(data), tau=300),
        "wins": lambda: stats.wins([named(data)]),
    }
    spent = {"import": IMPORT}
    for name, call in calls.items():
        start = time.perf_counter()
        call()
        spent[name] = time.perf_counter() - start
    print(json.dumps(spent))


def with_covariates(data: Any) -> Any:
    names = dict(zip("abcde", data.x.T, strict=True))
    return stats.CoxData.of(data.day, data.event, names, stratum=data.stratum)


if __name__ == "__main__":
    main(int(sys.argv[1]))
