"""Run the parts of the bench: every module beside this one that has a function ``run``, which prints its table."""

import importlib
import os
import platform
import sys
from pathlib import Path


def parts() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main(chosen: list[str]) -> int:
    unknown = sorted(set(chosen) - set(parts()))
    if unknown:
        print(f"no such part: {', '.join(unknown)}; parts are {', '.join(parts())}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}\n")
    for name in chosen or parts():
        importlib.import_module(f"bench.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
