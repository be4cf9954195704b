"""Sign-in through a hospital's own provider: OpenID Connect, authorization code with PKCE.

OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE, S256). The provider proves who somebody is; what they may do
stays with the grants of this office.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from trialwright.conduct import Forbidden, Unavailable

if TYPE_CHECKING:
    import httpx

__all__ = ["Doorway", "Provider", "SignedInElsewhere"]

WAITS = timedelta(minutes=10)
AT_ONCE = 10_000
SECOND_FACTOR_METHODS = frozenset({"mfa", "otp", "hwk", "swk", "sc", "fpt", "face"})
"""Values of ``amr`` that tell of a second factor (RFC 8176)."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Signed by the provider's own key; never with the shared secret, and never unsigned."""


@dataclass(frozen=True)
class Provider:
    """Where people of a hospital sign in."""

    name: str
    """As the sign-in page says it."""
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    claim: str = "preferred_username"
    """Claim of the identity token that holds the account's name in this office."""


@dataclass(frozen=True)
class SignedInElsewhere:
    """What the provider proved."""

    user: str
    second_factor: bool
    """Whether it says that a second factor was used (``amr``)."""
    next: str


@dataclass(frozen=True)
class _Way:
    """One sign-in under way."""

    nonce: str
    verifier: str
    next: str
    back: str
    until: datetime


class Doorway:
    """Sign-ins through one provider. ``transport`` of httpx replaces the network in tests."""

    def __init__(self, provider: Provider, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.provider = provider
        self._transport = transport
        self._ways: OrderedDict[str, _Way] = OrderedDict()
        self._found: Mapping[str, Any] | None = None

    async def begin(self, back: str, next: str, now: datetime) -> tuple[str, str]:
        """Return the address to send the browser to, and the state it must bring back."""
        found = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        self._ways[state] = _Way(nonce, verifier, next, back, now + WAITS)
        if len(self._ways) > AT_ONCE:
            self._ways.popitem(last=False)
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": back,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        return f"{found['authorization_endpoint']}?{urlencode(query)}", state

    async def finish(self, state: str, code: str, now: datetime) -> SignedInElsewhere:
        """Return who the provider says came back; Forbidden when anything does not fit, whatever it is."""
        way = self._ways.pop(state, None)
        if way is None or now > way.until:
            raise Forbidden("this sign-in was begun elsewhere or too long ago; begin again")
        claims = await self._claims(way, code, now)
        user = claims.get(self.provider.claim)
        if not isinstance(user, str) or not user:
            raise Forbidden(f"{self.provider.name} does not say who you are here; ask an administrator")
        methods = claims.get("amr") or []
        return SignedInElsewhere(user, bool(SECOND_FACTOR_METHODS & set(methods)), way.next)

    async def _claims(self, way: _Way, code: str, now: datetime) -> Mapping[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError

        found = await self._discovered()
        token = await self._token(found, way, code)
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(now.timestamp()),
            leeway=60,
            iss={"essential": True, "value": found["issuer"]},
            aud={"essential": True, "value": self.provider.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": way.nonce},
            sub={"essential": True},
        )
        try:
            decoded = jwt.decode(token, await self._keys(found), algorithms=[*ALGORITHMS])
            registry.validate(decoded.claims)
        except (JoseError, ValueError) as error:
            raise Forbidden(
                f"the answer of {self.provider.name} cannot be trusted ({type(error).__name__}); begin again"
            ) from error
        claims: Mapping[str, Any] = decoded.claims
        return claims

    async def _token(self, found: Mapping[str, Any], way: _Way, code: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": way.back,
            "code_verifier": way.verifier,
        }
        answer = await self._asked("POST", found["token_endpoint"], form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Forbidden(f"{self.provider.name} did not sign you in; begin again")
        return token

    async def _keys(self, found: Mapping[str, Any]) -> Any:
        from joserfc.jwk import KeySet

        keys: Any = await self._asked("GET", found["jwks_uri"])
        return KeySet.import_key_set(keys)

    async def _discovered(self) -> Mapping[str, Any]:
        if self._found is None:
            issuer = self.provider.issuer
            found = await self._asked("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise Unavailable(f"{self.provider.name} says it is another issuer than {issuer}; correct the setting")
            self._found = found
        return self._found

    async def _asked(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        import httpx

        secret = (self.provider.client_id, self.provider.client_secret) if form is not None else None
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=10) as client:
                answer = await client.request(method, url, data=form, auth=secret)
            if answer.status_code >= 500:
                answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(
                f"{self.provider.name} does not answer ({type(error).__name__}); try again, or sign in with password"
            ) from error
        return found if isinstance(found, dict) else {}


def _challenge(verifier: str) -> str:
    """Return what is told of the verifier beforehand: its SHA-256 in base64 for addresses, unpadded (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
