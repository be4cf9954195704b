"""Fixtures of spec tests: the small protocol with one endpoint changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trialwright.protocol import Protocol


@pytest.fixture(scope="session")
def changed_endpoint(small_protocol: Protocol) -> Callable[..., Protocol]:
    """The small protocol with fields of an endpoint replaced; names of its censoring change its censoring."""

    def build(id: str, **changes: Any) -> Protocol:
        document = small_protocol.model_dump(mode="json")
        endpoint = next(each for each in document["endpoints"] if each["id"] == id)
        for name, value in changes.items():
            (endpoint if name in endpoint else endpoint["censoring"])[name] = value
        return Protocol.model_validate(document)

    return build
