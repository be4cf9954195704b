"""Every edit check: importing this module fills ``CHECKS``."""

import trialwright.conduct.checks_safety
import trialwright.conduct.checks_treatment
import trialwright.conduct.checks_tumor  # noqa: F401

__all__: list[str] = []
