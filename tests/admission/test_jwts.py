"""JWTs: who may sign, with what, and for whom."""

import base64
import hmac
import json
from time import time

import jwt
import pytest

from relay.admission.identity import Identity
from relay.admission.jwks import KeysUnavailable
from relay.admission.jwts import JwtExpired, JwtInvalid, Jwts
from relay.config.jwt_options import JwtOptions
from tests.fakes.signer import AUDIENCE, Signer

SECRET = "a secret of the test, long enough"


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


def checks(**options) -> Jwts:
    return Jwts(JwtOptions.model_validate(options))


def signed_with_secret(secret: str = SECRET, algorithm: str = "HS256", **claims) -> str:
    return jwt.encode({"sub": "anna", "exp": time() + 60, **claims}, secret, algorithm)


def made_up(header: dict[str, object], secret: bytes = b"", **claims: object) -> str:
    """A token as a forger writes it, by hand: `alg` says what it likes."""
    claims = {"sub": "anna", "aud": AUDIENCE, "exp": time() + 60, **claims}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.digest(secret, b".".join(parts), "sha256") if secret else b""
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


async def test_a_shared_secret() -> None:
    """Whoever has the secret says who comes, for which profile, and within which limits."""
    jwts = checks(secret=SECRET)
    assert await jwts.identify(signed_with_secret()) == Identity("anna")
    token = signed_with_secret(relay_profile="museum", relay_limits={"cost_usd": 0.5})
    assert await jwts.identify(token) == Identity("anna", "museum", {"cost_usd": 0.5})


@pytest.mark.parametrize("outlive", [False, True])
async def test_how_long_its_tickets_may_last(outlive) -> None:
    """A JWT makes tickets for no longer than it lasts itself, unless the settings say so."""
    end = time() + 3
    identity = await checks(secret=SECRET, tickets_outlive=outlive).identify(signed_with_secret(exp=end))
    assert identity.expires_at == (None if outlive else end)


@pytest.mark.parametrize("nested", ["[" * 20_000, '{"alg":' * 20_000])
async def test_a_header_that_is_nested_without_end(signer, nested) -> None:
    """A forged header that no reader can follow is no JWT, like any other."""
    forged = f"{base64.urlsafe_b64encode(nested.encode()).decode().rstrip('=')}.e30.c2ln"
    for jwts in (checks(secret=SECRET), checks(jwks_url="http://127.0.0.1:1/keys", audience=AUDIENCE)):
        with pytest.raises(JwtInvalid):
            await jwts.identify(forged)


@pytest.mark.parametrize("key_id", ["rsa", "ec"])
async def test_a_public_key(signer, key_id, tmp_path) -> None:
    """A public key, or a file with one, checks what its owner has signed."""
    path = tmp_path / "key.pem"
    path.write_text(signer.public_pem(key_id))
    for written in (signer.public_pem(key_id), str(path)):
        assert await checks(public_key=written, audience=AUDIENCE).identify(signer.sign(key_id)) == Identity("anna")


async def test_published_keys(signer) -> None:
    """The keys that the signer publishes check its tokens of either kind."""
    with signer.published() as url:
        jwts = checks(jwks_url=url, audience=AUDIENCE)
        for key_id in ("rsa", "ec"):
            assert await jwts.identify(signer.sign(key_id)) == Identity("anna")
        with pytest.raises(JwtInvalid):
            await jwts.identify(signer.sign("rsa", header={"kid": "ec"}))
        with pytest.raises(JwtInvalid):
            await jwts.identify(signer.sign("rsa", header={"kid": "unknown"}))
    with pytest.raises(KeysUnavailable):
        await checks(jwks_url=url, audience=AUDIENCE).identify(signer.sign())


WRONG_CLAIMS = [
    {"aud": "elsewhere"},
    {"aud": None},
    {"iss": "https://elsewhere.example"},
    {"iss": None},
    {"exp": None},
    {"exp": "soon"},
    {"sub": None},
    {"sub": ""},
    {"nbf": 2**40},
    {"relay_profile": 7},
    {"relay_limits": {"cost_usd": -1}},
    {"relay_limits": {"wishes": 3}},
    {"relay_limits": 7},
]


@pytest.mark.parametrize("claims", WRONG_CLAIMS)
async def test_a_token_for_something_else(signer, claims) -> None:
    """A token with another audience or issuer, without an end or a subject, or with claims that are wrong, is none."""
    jwts = checks(public_key=signer.public_pem("rsa"), audience=AUDIENCE, issuer="https://signer.example")
    good = {"iss": "https://signer.example"}
    assert (await jwts.identify(signer.sign(**good))).subject == "anna"
    with pytest.raises(JwtInvalid):
        await jwts.identify(signer.sign(**{**good, **claims}))


async def test_a_token_for_another_audience_than_none() -> None:
    """Where no audience is set, a token that names one is meant for somebody else."""
    with pytest.raises(JwtInvalid):
        await checks(secret=SECRET).identify(signed_with_secret(aud="elsewhere"))


async def test_a_token_ends() -> None:
    """A token ends at its time, give or take the leeway."""
    assert await checks(secret=SECRET, leeway_s=30).identify(signed_with_secret(exp=time() - 20)) == Identity("anna")
    with pytest.raises(JwtExpired):
        await checks(secret=SECRET, leeway_s=5).identify(signed_with_secret(exp=time() - 20))


FORGED_HEADERS: list[dict[str, object]] = [
    {"alg": "HS256", "kid": "rsa"},
    {"alg": "none", "kid": "rsa"},
    {"alg": "None"},
    {"alg": None},
    {"kid": "rsa"},
    {"alg": "RS256", "kid": "rsa"},
    {"alg": ["RS256"]},
    {"alg": "RS256", "kid": {"a": 1}},
    {"alg": "RS256", "crit": ["b64"], "b64": False},
    {"alg": "RS256", "jwk": {"kty": "oct", "k": "AAAA"}},
]


async def test_a_public_key_is_no_secret(signer) -> None:
    """A token signed with the public key's text as if it were a secret is refused, as is one that is not signed."""
    pem = signer.public_pem("rsa")
    with signer.published() as url:
        for jwts in (checks(public_key=pem, audience=AUDIENCE), checks(jwks_url=url, audience=AUDIENCE)):
            for header in FORGED_HEADERS:
                for secret in (pem.encode(), b""):
                    with pytest.raises(JwtInvalid):
                        await jwts.identify(made_up(header, secret))


async def test_only_the_algorithms_of_the_settings_count() -> None:
    """A token signed with the right secret by another algorithm than the settings name is refused."""
    secret = SECRET * 2
    token = signed_with_secret(secret, "HS512")
    with pytest.raises(JwtInvalid):
        await checks(secret=secret).identify(token)
    assert await checks(secret=secret, algorithms=["HS512"]).identify(token) == Identity("anna")


@pytest.mark.parametrize("credential", ["", "a", "a.b", "a.b.c", "..", "\xff.\xff.\xff", "ek_a.b", "." * 5000])
async def test_what_is_no_jwt(signer, credential) -> None:
    """Whatever else a stranger sends is refused."""
    with signer.published() as url:
        for jwts in (checks(secret=SECRET), checks(jwks_url=url, audience=AUDIENCE)):
            with pytest.raises(JwtInvalid):
                await jwts.identify(credential)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs one of secret, public_key and jwks_url"),
        ({"secret": SECRET, "public_key": "key.pem"}, "no more than one"),
        ({"secret": "short"}, "less than 32 characters"),
        ({"secret": SECRET, "algorithms": ["RS256"]}, "RS256 cannot be checked with secret"),
        ({"public_key": "key.pem", "algorithms": "RS256, HS256"}, "HS256 cannot be checked with public_key"),
        ({"public_key": "key.pem", "algorithms": ["none"]}, "none cannot be checked"),
        ({"jwks_url": "https://signer.example/keys"}, "audience is missing"),
        ({"jwks_url": "file:///etc/passwd", "audience": "x"}, "not an address"),
        ({"secret": SECRET, "leeway_s": 5000}, "leeway_s"),
    ],
)
def test_options_that_cannot_be(options, words) -> None:
    """A table that would check nothing, or too little, stops the start."""
    with pytest.raises(ValueError, match=words):
        JwtOptions.model_validate(options)
