"""The schema of the office's database, step by step; each step is a file of ``versions``, never changed once released.

A new step is the file ``rNNNN_what.py`` with ``revision = "NNNN"`` and the number before it as ``down_revision``; a
table it creates is opened to the office's role by :func:`trialwright.conduct.migrations.grants.grant`.
"""

from trialwright.conduct.migrations.run import head, migrate

__all__ = ["head", "migrate"]
