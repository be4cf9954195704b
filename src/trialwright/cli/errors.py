"""From what went wrong to one message on standard error and an exit code.

0 done; 1 a check says no; 2 something the user can put right; 130 stopped by the keyboard; 141 the reader of the output
went away, as in ``| head``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from trialwright.errors import CheckFailed, TrialwrightError

__all__ = ["exit_code"]

PIPE = 141
"""128 and the number of SIGPIPE, which shells expect of a program whose reader went away."""


def exit_code(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; tell a fault in one message without a traceback.

    A fault of the program itself is not caught: its traceback is what a report needs.
    """
    try:
        return _finish(command)
    except CheckFailed as error:
        return _tell(f"check failed: {error}", 1)
    except TrialwrightError as error:
        return _tell(f"error: {error}", 2)
    except KeyboardInterrupt:
        return _tell("stopped", 130)
    except BrokenPipeError:
        _abandon_output()
        return PIPE
    except OSError as error:
        _abandon_output()
        return _tell(f"error: {_named(error)}", 2)


def _finish(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich and typer turn it into an exit of their own
            raise end.__context__ from None
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    else:
        code = 0
    sys.stdout.flush()  # here, so that a full disk is told like any other fault
    return code


def _tell(message: str, code: int) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - the one place that speaks of faults
    return code


def _named(error: OSError) -> str:
    where = error.filename if error.filename is not None else "output"
    return f"{where}: {error.strerror or error}"


def _abandon_output() -> None:
    """Point standard output at nothing, lest the interpreter fails on it again at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # standard output is no file, or is closed: nothing is left to flush
        return
