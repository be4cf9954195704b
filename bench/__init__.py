"""Timings side by side with the peers. Run ``python -m bench`` for all parts, ``python -m bench stats`` for one."""
