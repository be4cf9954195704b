"""``python -m trialwright.cli`` is ``trialwright``."""

import sys

from trialwright.cli import main

sys.exit(main())
