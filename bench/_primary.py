"""The primary analysis of one trial in a process of its own: no other package's objects for the collector to walk."""

import json

from bench._peers import best
from bench.stats import PATIENTS, columns, make, primary

if __name__ == "__main__":
    data = columns(make(PATIENTS))
    primary(data)
    print(json.dumps({"ms": best(lambda: primary(data)).ms}))
