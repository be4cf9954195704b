"""Draws of the fast simulator: splitmix64 as a counter, and a logarithm that has the same bits on every machine.

A word is the mix of key + (counter + 1) times an odd constant (Steele, Lea and Flood 2014, "Fast splittable
pseudorandom number generators", OOPSLA, figure 17): the n-th word of a stream is had without those before it. The key
is made of seed, scenario and trial; the counter of purpose and patient. So chunks, threads and machines cannot matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from trialwright.stats import kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

# Purposes: the high bits of the counter.
ENTRY, STRATUM, ALLOCATION, EVENT, DROPOUT, SCAN, MISSED = range(7)
PLACES = 2**32
"""Counters of one purpose; the counter is purpose * PLACES + place."""
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
"""The bits of the square root of 1/2."""
LOG_2 = 0.6931471805599453


@intrinsic  # type: ignore[untyped-decorator]
def float_bits(_: Any, x: Any) -> Any:
    """Return the bits of a double as a signed 64-bit integer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.int64))

    return types.int64(types.float64), generate


@intrinsic  # type: ignore[untyped-decorator]
def bits_float(_: Any, x: Any) -> Any:
    """Return the double with these bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.float64))

    return types.float64(types.int64), generate


@kernel
def mixed(word: Any) -> Any:
    """Return the finalizer of splitmix64."""
    word = (word ^ (word >> np.uint64(30))) * FIRST
    word = (word ^ (word >> np.uint64(27))) * SECOND
    return word ^ (word >> np.uint64(31))


@kernel
def trial_key(seed: Any, scenario: Any, trial: Any) -> Any:
    """Return the key of one virtual trial; all arguments unsigned 64-bit words."""
    return mixed(mixed(mixed(seed + GOLDEN) ^ (scenario + GOLDEN)) ^ (trial + GOLDEN))


@kernel
def word(key: Any, counter: Any) -> Any:
    """Return the word of a counter, unsigned 64-bit."""
    return mixed(key + (counter + np.uint64(1)) * GOLDEN)


@kernel
def uniform(key: Any, counter: Any) -> Any:
    """Return a number in the open interval (0, 1): the middle of one of 2**52 equal parts."""
    return (np.float64(word(key, counter) >> np.uint64(12)) + 0.5) * 2.0**-52


@kernel
def log_of(m: Any, exponent: Any) -> Any:
    """Return log(2**exponent m), m in (sqrt 1/2, sqrt 2], of numbers or of lanes of them, to 2 units in the last place.

    log m = 2 artanh s with s = (m - 1) / (m + 1) (Abramowitz and Stegun 1964, 4.1.27), its series taken to s**19: the
    first term left out is below 1e-17 of the sum. No library, so the same bits anywhere.
    """
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = z * (1 / 19) + 1 / 17
    series = series * z + 1 / 15
    series = series * z + 1 / 13
    series = series * z + 1 / 11
    series = series * z + 1 / 9
    series = series * z + 1 / 7
    series = series * z + 1 / 5
    series = series * z + 1 / 3
    return 2.0 * s + 2.0 * s * z * series + exponent * LOG_2


@kernel
def minus_log(x: Any) -> Any:
    """Return -log x of a normal number x > 0."""
    bits = float_bits(x)
    exponent = (bits - np.int64(SQRT_HALF_BITS)) >> np.int64(52)
    return -log_of(bits_float(bits - (exponent << np.int64(52))), np.float64(exponent))


@kernel
def exponential(key: Any, counter: Any) -> Any:
    """Return an exponential of mean 1."""
    return minus_log(uniform(key, counter))
