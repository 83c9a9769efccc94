"""Single sign-on by OpenID Connect: the authorization code flow, with PKCE, state and nonce.

https://openid.net/specs/openid-connect-core-1_0.html
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from engine.accounts.single_sign_on import Begun, Claims, OidcSettings, SignOnFailed

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LONGEST = 1024 * 1024  # bytes of an answer
_METADATA_LASTS = 3600.0
_KEYS_PAUSE = 30.0  # between two looks for a key that is not there
_LEEWAY = 60  # seconds that two clocks may differ by
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_SCOPES = "openid email profile"


class Oidc:
    """One provider. What it says of itself is asked for when it is needed first, and again every hour."""

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._http: aiohttp.ClientSession | None = None
        self._metadata: dict[str, Any] = {}
        self._metadata_at = self._keys_at = float("-inf")
        self._keys: KeySet | None = None
        self._asking = asyncio.Lock()

    async def begin(self) -> Begun:
        """Where to send a browser. Raises `SignOnFailed` while the provider does not answer."""
        metadata = await self._provider()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        url = prepare_grant_uri(
            metadata["authorization_endpoint"],
            self.settings.client_id,
            "code",
            redirect_uri=self.settings.redirect_uri,
            scope=_SCOPES,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Begun(url, state, nonce, verifier)

    async def finish(self, code: str, verifier: str, nonce: str) -> Claims:
        """Who came back with this code. Raises `SignOnFailed` unless everything about the answer is right."""
        metadata = await self._provider()
        answer = await self._redeem(metadata, code, verifier)
        if not isinstance(answer.get("id_token"), str):
            raise SignOnFailed("The provider has sent no ID token.")
        token = await self._verified(answer["id_token"], metadata)
        return self._claims(token, nonce, answer.get("access_token"))

    async def close(self) -> None:
        if self._http:
            await self._http.close()

    def _claims(self, token: jwt.Token, nonce: str, access_token: object) -> Claims:
        must_be = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
        }
        given = {"nonce": nonce, "client_id": self.settings.client_id, "access_token": access_token}
        claims = CodeIDToken(token.claims, token.header, must_be, given)
        try:
            claims.validate(leeway=_LEEWAY)
        except Exception as error:  # whatever the library trips over, an answer from outside is only ever wrong
            raise SignOnFailed("The ID token is not for us, or not of this moment.") from error
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise SignOnFailed("The ID token names nobody.")
        email = claims.get("email") if claims.get("email_verified") is True else ""
        return Claims(self.settings.issuer, subject, str(email or ""), str(claims.get("name") or ""))

    async def _redeem(self, metadata: Mapping[str, Any], code: str, verifier: str) -> dict[str, Any]:
        settings = self.settings
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.redirect_uri,
            "code_verifier": verifier,
        }
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        headers = {"Accept": "application/json"}
        if settings.client_secret is None:
            body["client_id"] = settings.client_id
        elif "client_secret_basic" in methods:
            headers["Authorization"] = aiohttp.encode_basic_auth(settings.client_id, settings.client_secret)
        else:
            body |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
        return await self._ask("POST", metadata["token_endpoint"], data=body, headers=headers)

    async def _verified(self, text: str, metadata: Mapping[str, Any]) -> jwt.Token:
        try:
            return jwt.decode(text, await self._provider_keys(metadata), algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            keys = await self._provider_keys(metadata, again=True)  # it may have others by now
        try:
            return jwt.decode(text, keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError) as error:
            raise SignOnFailed("The ID token is not signed by the provider.") from error

    async def _provider(self) -> dict[str, Any]:
        async with self._asking:
            if time.monotonic() - self._metadata_at > _METADATA_LASTS:
                where = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
                found = await self._ask("GET", where)
                if found.get("issuer") != self.settings.issuer:
                    raise SignOnFailed("The provider calls itself by another name than WHARF_OIDC_ISSUER says.")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    if not isinstance(found.get(name), str):
                        raise SignOnFailed(f"The provider does not say its {name}.")
                self._metadata, self._metadata_at = found, time.monotonic()
            return self._metadata

    async def _provider_keys(self, metadata: Mapping[str, Any], *, again: bool = False) -> KeySet:
        async with self._asking:
            pause = _KEYS_PAUSE if again else _METADATA_LASTS
            if self._keys is None or time.monotonic() - self._keys_at > pause:
                found = await self._ask("GET", metadata["jwks_uri"])
                try:
                    self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]  # it checks what it is given
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise SignOnFailed("The keys of the provider cannot be read.") from error
                self._keys_at = time.monotonic()
            return self._keys

    async def _ask(self, method: str, url: str, **what: Any) -> dict[str, Any]:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with self._http.request(method, url, allow_redirects=False, **what) as response:
                text = await response.content.read(_LONGEST)
                if response.status != 200:
                    raise SignOnFailed(f"The provider has answered with status {response.status}.")
                answer = orjson.loads(text)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SignOnFailed("The provider does not answer as it should.") from error
        if not isinstance(answer, dict):
            raise SignOnFailed("The provider does not answer as it should.")
        return answer
