"""Draws of eight trials at once, bit for bit those of ``_kernels_draws``."""

from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.simulate._kernels_draws import SQRT_HALF_BITS, log_of, word
from trialwright.simulate._kernels_lanes_vectors import float_of, high_part, negative, without_mantissa, word_of
from trialwright.stats import kernel

ONE_BITS = np.uint64(0x3FF0000000000000)
BELOW_ONE = 1.0 - 2.0**-53


@kernel
def uniform_lanes(key: Any, counter: Any) -> Any:
    """Return numbers in (0, 1): 52 bits as the mantissa of a number from 1 to 2, less 1, plus half a part, exactly."""
    return float_of((word(key, counter) >> np.uint64(12)) | ONE_BITS) - BELOW_ONE


@kernel
def minus_log_lanes(x: Any) -> Any:
    """Return -log x of normal numbers above 0."""
    bits = word_of(x)
    shifted = bits - np.uint64(SQRT_HALF_BITS)
    return negative(log_of(float_of(bits - without_mantissa(shifted)), high_part(shifted)))


@kernel
def exponential_lanes(key: Any, counter: Any) -> Any:
    """Return exponentials of mean 1."""
    return minus_log_lanes(uniform_lanes(key, counter))
