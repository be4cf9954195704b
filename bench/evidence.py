"""How long it takes to read and check a ledger of a thousand claims."""

import time
from collections.abc import Callable

from trialwright.evidence import Claims, Ledger, check, ledger

TARGET = 1.0
CLAIMS = 1_000


def run() -> None:
    """Print best and median of several runs, reading and checking apart."""
    shipped = ledger("all")
    copies = _copies(shipped)
    claims = sum(len(each.claims) for each in copies)
    checks = sum(len(check(each)) for each in copies)
    print(f"{claims:,} claims of {len(copies)} trials, {checks:,} checks; target {TARGET:g} s\n")
    print("| what | best, s | median, s | least processor time, s |\n| --- | --- | --- | --- |")
    for name, what in {
        f"read the shipped ledger, {len(shipped.claims)} claims": lambda: ledger("all"),
        f"check {claims:,} claims": lambda: [check(each) for each in copies],
    }.items():
        best, middle, processor = _timed(what)
        print(f"| {name} | {best:.3f} | {middle:.3f} | {processor:.3f} |")


def _copies(shipped: Ledger) -> list[Claims]:
    """Return the shipped files over and over, each copy with limits of its own, until there are enough claims."""
    found: list[Claims] = []
    while sum(len(each.claims) for each in found) < CLAIMS:
        found += [_shifted(file.claims, len(found)) for file in shipped.files]
    return found


def _shifted(claims: Claims, by: int) -> Claims:
    """Return the same claims with slightly other split of the patients, so that nothing is remembered."""
    given = claims.allocation
    if given is None:
        return claims
    strata = tuple(share + 1e-6 * by for share in given.strata)
    return claims.model_copy(update={"allocation": given.model_copy(update={"strata": strata})})


def _timed(what: Callable[[], object], runs: int = 7) -> tuple[float, float, float]:
    seconds, processor = [], []
    for _ in range(runs):
        start, used = time.perf_counter(), time.process_time()
        what()
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return min(seconds), sorted(seconds)[runs // 2], min(processor)
