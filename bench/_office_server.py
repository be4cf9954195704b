"""A trial office behind HTTP in a process of its own: python -m bench._office_server JOB.json.

The job: {"url", "folder", "patients", "cap", "port"}. Once ``folder/ready.json`` is there, the server answers; it ends
at SIGTERM.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from bench._office_world import Preparation, accounts_of, screener
from trialwright.conduct import Journal, Mirror, Office
from trialwright.server import Settings, create_app


def main(job: dict[str, Any]) -> None:
    folder = Path(job["folder"])
    office = Office(Journal(job["url"]), screener(), mirror=Mirror(folder / "office.mirror"))
    accounts = accounts_of(office, job["url"])
    prepared = Preparation(office, accounts, datetime.now(UTC))
    start = time.perf_counter()
    prepared.open(places=max(job["patients"], 300), cap=job.get("cap"))
    prepared.patients(job["patients"])
    gc.collect()
    gc.freeze()  # what was prepared lives on; it need not be looked through again and again
    app = create_app(office, accounts, Settings(secure=False))
    config = uvicorn.Config(app, host="127.0.0.1", port=job["port"], log_level="warning", access_log=False)
    prepared.write(folder / "sites.json")
    (folder / "ready.json").write_text(json.dumps({"seconds": time.perf_counter() - start}))
    uvicorn.Server(config).run()
    office.close()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
