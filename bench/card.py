"""The operating-characteristics card from the shell: everything from the start of the process to the last line."""

import os

from bench.start import wall

CARDS = {
    "10,000 trials": (["--trials", "10000"], 3.0),
    "10,000 trials, with its page": (["--trials", "10000", "--html", os.devnull], 3.0),
    "1,000,000 trials of the main rows": (["--trials", "1000000"], 5.0),
    "10,000 of every row": (["--trials", "10000", "--other-trials", "10000"], None),
}
"""Options and the seconds promised, on two cores with nothing else to do."""


def run() -> None:
    print("Operating-characteristics card, seconds of wall time from the shell, best of 5 (kernels compiled before)")
    wall(["design", "card", "palmira", "--trials", "100"])
    for name, (options, promised) in CARDS.items():
        best = min(wall(["design", "card", "palmira", *options]) for _ in range(5))
        said = "" if promised is None else f"   promised {promised:g}"
        print(f"  {name:<36}{best:6.2f}{said}")
    print(f"  {'design lint':<36}{min(wall(['design', 'lint', 'palmira']) for _ in range(3)):6.2f}\n")
