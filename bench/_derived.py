"""Lesions to responses to times to event of so many patients, in a process of its own: seconds and memory, as JSON.

python -m bench._derived PATIENTS RUNS
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from bench._footprint import resident
from bench._trials import made_up, protocol
from trialwright import derive
from trialwright.derive.best_columns import bests_by_columns
from trialwright.derive.response import patient_by_patient
from trialwright.derive.response_columns import by_columns
from trialwright.derive.time_columns import times_by_columns

WARM = 50


def best(call: Callable[[], Any], runs: int) -> tuple[Any, dict[str, float]]:
    """Return the answer, and the seconds of the fastest run on the clock and of the processor."""
    spent = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = call()
        spent.append((time.perf_counter() - wall, time.process_time() - cpu))
    return answer, {"wall": min(each[0] for each in spent), "cpu": min(each[1] for each in spent)}


def main(patients: int, runs: int) -> None:
    plan = protocol()
    endpoint = plan.endpoint("PFS")
    small = made_up(WARM)
    times_by_columns(small, plan, endpoint, by_columns(small, "investigator"))
    data = made_up(patients)
    given = resident("VmRSS:")
    responses, first = best(lambda: by_columns(data, "investigator"), runs)
    times, second = best(lambda: times_by_columns(data, plan, endpoint, responses), runs)
    share = plan.endpoint("ORR")
    _, third = best(lambda: bests_by_columns(data, share, responses), runs)
    found = {"visits": len(responses), "measurements": len(data["measurements"]), "patients": len(times)}
    found |= {"responses": first, "times": second, "best": third, "given": given, "peak": resident("VmHWM:")}
    if patients <= 10_000:
        readable, slow = best(lambda: patient_by_patient(data, "investigator"), 1)
        one_by_one = derive.time_to_event(small, plan, "PFS")
        found |= {"readable": slow, "equal": readable.equals(responses) and len(one_by_one) == WARM}
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
