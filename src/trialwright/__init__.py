"""Trialwright runs a randomized oncology trial from protocol to publication."""

__version__ = "0.1.0"
