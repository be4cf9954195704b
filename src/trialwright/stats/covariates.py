"""Columns of numbers beside event times, checked once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray


def covariate_columns(covariates: Mapping[str, ArrayLike], n: int) -> tuple[tuple[str, ...], FloatArray]:
    """Return names [p] and numbers [n, p] of the covariates, in the order given.

    Raises ValueError for a column of another length, of text, or with missing or infinite numbers.

    >>> covariate_columns({"age": [61, 70]}, 2)[1].tolist()
    [[61.0], [70.0]]
    """
    columns = [_column(name, values, n) for name, values in covariates.items()]
    return tuple(covariates), np.column_stack(columns) if columns else np.empty((n, 0))


def _column(name: str, values: ArrayLike, n: int) -> FloatArray:
    given = np.asarray(values)
    if given.shape != (n,):
        raise ValueError(f"covariate {name} must have one number for each of the {n} subjects; got shape {given.shape}")
    if given.dtype.kind not in "biuf":
        raise ValueError(f"covariate {name} must be numbers; got {given.dtype}. Code a factor as 0/1 columns.")
    column = given.astype(np.float64)
    wrong = ~np.isfinite(column)
    if wrong.any():
        where = f"position {int(wrong.argmax())} ({int(wrong.sum())} in all)"
        raise ValueError(f"covariate {name} must be known and finite; got {given[wrong.argmax()]} at {where}")
    return column
