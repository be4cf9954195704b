"""Sixteen histories of progression-free survival, each under the rule sets of the FDA, the EMA and the R template.

Randomized 2024-01-01, scans every 56 days within 7, so at most 126 days may pass between an adequate scan and an event;
data cut-off 2024-12-31. Each answer is the day, event or not, days with both ends counted, the rule that decided and
the reason. Tests run the histories; ``docs/rules/times.md`` is written from them.
"""

from types import SimpleNamespace

SETS = ("fda", "ema", "template")
LAST = ("no event", "last adequate assessment")
LAST_OF_ANY = ("no event", "last assessment")
NONE = ("no event", "no adequate assessment")
NONE_OF_ANY = ("no event", "no assessment")
BASELINE = ("without baseline", "no usable baseline assessment")
THERAPY = ("new therapy", "new anticancer therapy")
GAP = ("missed visits", "more than 1 missed assessment before the event")
PROGRESSION = ("event", "progression")
DEATH = ("event", "death")


def case(number, scans, fda, ema, template, **others):
    return SimpleNamespace(number=number, scans=scans, others=others, fda=fda, ema=ema, template=template)


def same(*ending):
    return {"fda": ending, "ema": ending, "template": ending}


def counted(strict, *ending):
    """Answers where the FDA's set censors and the two others count the event."""
    return {"fda": strict, "ema": ending, "template": ending}


def seen(day, days):
    """Answers where the last assessment ends the time under all sets; the template does not ask whether it shows."""
    return {
        "fda": (day, False, days, LAST),
        "ema": (day, False, days, LAST),
        "template": (day, False, days, LAST_OF_ANY),
    }


CASES = [
    case(1, ["2024-02-26 SD", "2024-04-22 SD", "2024-06-17 PD"], **same("06-17", True, 169, PROGRESSION)),
    case(2, ["2024-02-26 SD"], **same("04-01", True, 92, DEATH), died="2024-04-01"),
    case(3, [], **same("02-10", True, 41, DEATH), died="2024-02-10"),
    case(4, [], **counted(("01-01", False, 1, GAP), "07-01", True, 183, DEATH), died="2024-07-01"),
    case(
        5,
        [],
        fda=("01-01", False, 1, NONE),
        ema=("01-01", False, 1, NONE),
        template=("01-01", False, 1, NONE_OF_ANY),
    ),
    case(6, ["2024-02-26 PD"], **counted(("01-01", False, 1, BASELINE), "02-26", True, 57, PROGRESSION), baseline="no"),
    case(
        7,
        ["2024-02-26 SD", "2024-04-22 PD"],
        **counted(("02-26", False, 57, THERAPY), "04-22", True, 113, PROGRESSION),
        therapy="2024-03-15",
    ),
    case(8, ["2024-02-26 SD", "2024-10-07 PD"], **counted(("02-26", False, 57, GAP), "10-07", True, 281, PROGRESSION)),
    case(9, ["2024-02-26 SD", "2024-06-17 PD"], **same("06-17", True, 169, PROGRESSION)),
    case(
        10,
        ["2024-02-26 SD", "2024-04-22 SD", "2024-06-17 NE"],
        fda=("04-22", False, 113, LAST),
        ema=("04-22", False, 113, LAST),
        template=("06-17", False, 169, LAST_OF_ANY),
    ),
    case(11, ["2024-02-26 PR"], **seen("02-26", 57), stopped="2024-03-20 adverse event"),
    case(12, ["2024-02-26 SD"], **seen("02-26", 57), stopped="2024-03-20 clinical progression"),
    case(
        13,
        ["2024-02-26 SD", "2024-04-22 SD"],
        **counted(("04-22", False, 113, THERAPY), "06-01", True, 153, DEATH),
        therapy="2024-05-10",
        died="2024-06-01",
    ),
    case(14, ["2024-02-26 SD", "2024-04-22 PD", "2024-06-17 SD"], **same("04-22", True, 113, PROGRESSION)),
    case(15, ["2024-02-26 SD"], **same("05-01", True, 122, DEATH), died="2024-05-01", withdrew="2024-03-10"),
    case(16, ["2024-11-04 SD", "2025-01-15 PD"], **seen("11-04", 309)),
]
