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

from bench._office_world import KEY, LIST, SITES, Preparation, accounts_of, screener
from trialwright.conduct import Journal, Keys, Mirror, Office
from trialwright.server import Settings, create_app


def main(job: dict[str, Any]) -> None:
    """Prepare and serve."""
    folder, start = Path(job["folder"]), time.perf_counter()
    prepared = prepare(job, folder / "office.mirror")
    office = Office(
        Journal(job["url"]), screener(), Keys({LIST: KEY}), mirror=Mirror(folder / "office.mirror")
    )  # fmt: skip
    gc.collect()
    gc.freeze()  # what is folded already lives on; looking through it again and again would stop the server for seconds
    accounts = accounts_of(office, job["url"])
    app = create_app(office, accounts, Settings(secure=False))
    config = uvicorn.Config(app, host="127.0.0.1", port=job["port"], log_level="warning", access_log=False)
    prepared.write(folder / "sites.json")
    (folder / "ready.json").write_text(json.dumps({"seconds": time.perf_counter() - start}))
    uvicorn.Server(config).run()
    office.close()


def prepare(job: dict[str, Any], mirror: Path) -> Preparation:
    """Open the office, screen the first patient of each site by its commands, and copy as many as the job asks for."""
    with Office(Journal(job["url"]), screener(), mirror=Mirror(mirror)) as office:
        prepared = Preparation(office, accounts_of(office, job["url"]), datetime.now(UTC))
        prepared.open(places=max(job["patients"], 300), cap=job.get("cap"))
        prepared.patients(min(job["patients"], SITES))
    if job["patients"] > SITES:
        journal, written = Journal(job["url"]), Mirror(mirror)
        prepared.copied(job["patients"], journal, written)
        journal.close()
        written.close()
    return prepared


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
