"""Sign-in through a provider that runs inside the test: what it proves is taken, anything else refused."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from trialwright.server import Provider, Settings
from trialwright.server.provider import Doorway

ISSUER = "https://provider.test"
PROVIDER = Provider("Hospital", ISSUER, "office", "shared secret of the client")


class Elsewhere(httpx.AsyncBaseTransport):
    """A provider: it answers like one, and lies where a test tells it to."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.sign_with: Any = (self.key, "RS256")
        self.claims: dict[str, Any] = {"preferred_username": "ana", "amr": ["pwd", "otp"]}
        self.challenges: dict[str, str] = {}
        self.is_down = False
        self.nonce = ""

    def browser(self, to: str) -> str:
        """What the browser does there: sign in, and come back with a code."""
        query = {name: values[0] for name, values in parse_qs(urlparse(to).query).items()}
        assert query["client_id"] == "office"
        assert query["code_challenge_method"] == "S256"
        self.challenges["code-1"] = query["code_challenge"]
        self.nonce = query["nonce"]
        return query["state"]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("nobody there")
        match request.url.path:
            case "/.well-known/openid-configuration":
                return httpx.Response(200, json=self._described())
            case "/keys":
                return httpx.Response(200, json=KeySet([self.key]).as_dict(private=False))
        form = {name: values[0] for name, values in parse_qs((await request.aread()).decode()).items()}
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if self.challenges.pop(form["code"], None) != proof:
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"id_token": self._token()})

    def _described(self) -> dict[str, str]:
        places = {"authorization_endpoint": "/in", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": ISSUER, **{name: f"{ISSUER}{path}" for name, path in places.items()}}

    def _token(self) -> str:
        now = int(self.clock().timestamp())
        key, algorithm = self.sign_with
        standard = {"iss": ISSUER, "aud": "office", "sub": "1", "iat": now, "exp": now + 300, "nonce": self.nonce}
        header = {"alg": algorithm, "kid": "one"}
        return jwt.encode(header, {**standard, **self.claims}, key, algorithms=[algorithm])


@pytest.fixture
def elsewhere(world_with):
    world = world_with(Settings(provider=PROVIDER))
    world.person("ana", "investigator", "site:ES06")
    there = Elsewhere(world.clock)
    world.app.state.doorway = Doorway(PROVIDER, transport=there)
    there.world = world
    return there


def come(there, code="code-1", state=None, wait=0):
    client = there.world.client
    away = client.get("/sign-in/provider?next=/account", follow_redirects=False)
    assert away.status_code == 303
    brought = there.browser(away.headers["location"])
    there.world.clock.on(minutes=wait)
    query = {"state": brought if state is None else state, "code": code}
    return client.get("/sign-in/provider/back", params=query, follow_redirects=False)


@pytest.mark.requirement("R17")
def test_who_signs_in_there_is_in_here_and_goes_on(elsewhere):
    back = come(elsewhere)
    assert (back.status_code, "url=/account" in back.text) == (200, True)
    assert elsewhere.world.client.get("/account").status_code == 200
    assert elsewhere.world.kinds()[-1] == "session opened"


def test_the_sign_in_page_names_the_provider(elsewhere):
    assert "Sign in with Hospital" in elsewhere.world.client.get("/sign-in").text


@pytest.mark.requirement("R17")
@pytest.mark.parametrize(
    "claims",
    [
        {"preferred_username": "nobody"},
        {"preferred_username": None},
        {"preferred_username": ["ana"]},
        {"iss": "https://other.test"},
        {"aud": "another"},
        {"nonce": "of another sign-in"},
        {"exp": 1},
        {"amr": ["pwd"]},
        {"amr": None},
    ],
)
def test_what_does_not_fit_opens_nothing(elsewhere, claims):
    elsewhere.claims |= claims
    back = come(elsewhere)
    assert back.status_code == 403
    assert elsewhere.world.kinds().count("session opened") == 1  # that of before
    assert elsewhere.world.client.get("/account", follow_redirects=False).status_code == 303


def test_a_token_of_another_key_or_with_the_shared_secret_opens_nothing(elsewhere):
    secret = OctKey.import_key(PROVIDER.client_secret)
    for sign in ((RSAKey.generate_key(2048, {"kid": "one"}), "RS256"), (secret, "HS256")):
        elsewhere.sign_with = sign
        assert come(elsewhere).status_code == 403


def test_a_state_of_another_browser_or_used_before_or_too_old_opens_nothing(elsewhere):
    assert come(elsewhere, state="made up").status_code == 403
    assert come(elsewhere, wait=11).status_code == 403
    assert come(elsewhere, code="another code").status_code == 403
    first = come(elsewhere)
    assert first.status_code == 200
    again = elsewhere.world.client.get("/sign-in/provider/back", params={"state": "x", "code": "code-1"})
    assert again.status_code == 403


def test_a_provider_that_does_not_answer_is_told(elsewhere):
    elsewhere.is_down = True
    response = elsewhere.world.client.get("/sign-in/provider")
    assert (response.status_code, "Hospital does not answer" in response.text) == (503, True)


def test_without_a_provider_there_is_no_other_door(world):
    assert world.client.get("/sign-in/provider").status_code == 403
    assert "Sign in with" not in world.client.get("/sign-in").text
