"""Serving: the application behind uvicorn, on one machine's address, with TLS or behind something that has it."""

from __future__ import annotations

import ipaddress
import logging
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from trialwright.conduct import Unavailable
from trialwright.server.app import create_app
from trialwright.server.house import House
from trialwright.server.provider import Provider
from trialwright.server.settings import Settings

__all__ = ["Address", "serve"]

LOOPBACK = str(ipaddress.ip_address(socket.INADDR_LOOPBACK))
"""This machine's own address, reached by nobody else."""


@dataclass(frozen=True)
class Address:
    """Where the office answers, and how it is kept private on the way."""

    host: str = LOOPBACK
    port: int = 8000
    certificate: Path | None = None
    private_key: Path | None = None
    behind_proxy: bool = False
    """Whether a proxy before it speaks TLS and says who asks (``X-Forwarded-For``, ``X-Forwarded-Proto``)."""

    @property
    def is_private(self) -> bool:
        """Say whether it is reached from this machine only.

        >>> Address("::1").is_private, Address("0.0.0.0").is_private
        (True, False)
        """
        try:
            found = {each[4][0] for each in socket.getaddrinfo(self.host, None)}
        except OSError:
            return False
        return all(ipaddress.ip_address(each).is_loopback for each in found)

    @property
    def secure(self) -> bool:
        """Say whether browsers reach it by TLS."""
        return self.certificate is not None or self.behind_proxy

    @property
    def url(self) -> str:
        """Return what to type into the browser.

        >>> Address("::1", port=8123).url
        'http://[::1]:8123/'
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.certificate else ''}://{host}:{self.port}/"

    def check(self) -> None:
        """Raise Unavailable where passwords and patients' data would travel in the open."""
        if not self.is_private and not self.secure:
            raise Unavailable(
                f"{self.host} is reached from other machines, and without TLS everybody on the way can read along; "
                "give --certificate and --private-key, or --behind-proxy where a proxy speaks TLS"
            )


def serve(house: House, address: Address, provider: Provider | None = None) -> None:
    """Answer until the process is told to end (SIGINT, SIGTERM); one line of JSON for each request on stderr."""
    import uvicorn

    address.check()
    _log_to_stderr()
    settings = Settings(secure=address.secure, limits=house.accounts.limits, provider=provider)
    app = create_app(house.office, house.accounts, settings, identities=house.identities, clock=house.clock)
    config = uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=address.behind_proxy,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.private_key,
    )
    uvicorn.Server(config).run()


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("trialwright.server")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
