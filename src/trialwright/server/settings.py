"""Settings of the web server: what differs from one hospital's computer center to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from trialwright.conduct import Limits
from trialwright.server.provider import Provider

__all__ = ["Rates", "Settings"]


@dataclass(frozen=True)
class Rates:
    """How many requests are answered; who asks more waits, and is told how long."""

    sign_ins: float = 1.0
    """Per second and address."""
    sign_ins_at_once: int = 60
    requests: float = 100.0
    """Per second and session."""
    requests_at_once: int = 300


@dataclass(frozen=True)
class Settings:
    """How the server runs.

    ``secure`` is given up on one's own computer only: without it cookies travel without TLS, and browsers are not told
    to insist on it.
    """

    secure: bool = True
    longest_body: int = 1_000_000
    """Bytes of one request."""
    rates: Rates = field(default_factory=Rates)
    limits: Limits = field(default_factory=Limits)
    provider: Provider | None = None
    """Where people may sign in instead (OpenID Connect)."""
