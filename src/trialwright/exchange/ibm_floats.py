"""Numbers of SAS transport files: IBM System/360 double precision, base 16, exact in both directions of a round trip.

A number is a sign bit, an exponent of 16 in excess of 64 over seven bits, and a fraction of 56 bits that lies in
[1/16, 1) (IBM System/360 Principles of Operation, GA22-6821, "Floating-point number representation"; SAS technical
note TS-140, "Record layout of a SAS version 5 or 6 data set in SAS transport (XPORT) format").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["HIGHEST", "LOWEST", "MISSING", "ibm_doubles"]

MISSING = b"." + bytes(7)
LOWEST = 16.0**-65
HIGHEST = 16.0**63
"""Absolute values from ``LOWEST`` up to but not including ``HIGHEST`` have a representation; so has 0."""


def ibm_doubles(values: NDArray[np.float64]) -> NDArray[np.void]:
    """Return the eight bytes of each number, ``MISSING`` for NaN; the caller has refused what is out of range.

    No rounding happens: 53 bits of an IEEE double and the three that a base-16 exponent may cost fit into 56.

    >>> import numpy as np
    >>> ibm_doubles(np.array([1.0, -0.5, 0.0, float("nan")])).tobytes().hex(" ", 8)
    '4110000000000000 c080000000000000 0000000000000000 2e00000000000000'
    """
    import numpy as np

    missing = np.isnan(values)
    known = np.where(missing, 0.0, values)
    mantissa, exponent = np.frexp(np.abs(known))
    sixteens = -(-exponent // 4)
    fraction = np.ldexp(mantissa, 56 - (4 * sixteens - exponent)).astype(np.uint64)
    sign = (known < 0).astype(np.uint64) << np.uint64(63)
    words = sign | ((sixteens + 64).astype(np.uint64) << np.uint64(56)) | fraction
    words[known == 0] = 0
    words[missing] = np.uint64(int.from_bytes(MISSING, "big"))
    big_endian: NDArray[np.void] = words.astype(">u8").view("V8")
    return big_endian
