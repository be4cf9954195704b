"""Claims of made-up trials, for tests that need a few of them together."""

from trialwright.evidence import Claim, Claims, PrintedP, check

SOURCES = {"S": "Somebody 2025", "T": "Somebody else 2026"}
CUTS = {"first": "early", "final": "late"}


def claim(id, value, **fields):
    common = {"label": id, "cited": "S", "kind": "reported", "cut": "final", "endpoint": "PFS", "population": "ITT"}
    return Claim(id=id, value=value, **(common | fields))


def ratio(value, lower=None, upper=None, p=None, *, id="ratio", level=0.95, sides=None, **fields):
    printed = None if p is None else PrintedP(value=p, sides=sides)
    arms = {"statistic": "hazard ratio", "numerator": "A", "denominator": "B"}
    level = None if lower is None else level
    return claim(id, value, lower=lower, upper=upper, level=level, p=printed, **(arms | fields))


def rate(id, value, arm, at=None, **fields):
    return claim(id, value, statistic="rate", unit="percent", arm=arm, at_months=at, **fields)


def median(id, value, arm, **fields):
    return claim(id, value, statistic="median", unit="months", arm=arm, **fields)


def ledger(*claims, **fields):
    arms = {"A": "new", "B": "old"}
    return Claims(**({"trial": "X", "arms": arms, "cuts": CUTS, "sources": SOURCES} | fields), claims=claims)


def findings(*claims, **fields):
    return check(ledger(*claims, **fields))


def found(name, *claims, **fields):
    return [finding for finding in findings(*claims, **fields) if finding.check == name]
