"""A signer that changes its keys, as the relay's peers see it: over real HTTP and real handshakes."""

import asyncio
from time import time

from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import InvalidStatus

from tests.fakes.running import Running, running
from tests.fakes.signer import AUDIENCE, Signer
from tests.fakes.upstream import scripted_upstream


async def gets_in(relay: Running, token: str) -> bool:
    try:
        async with relay.peer(additional_headers={"Authorization": f"Bearer {token}"}):
            return True
    except InvalidStatus as refusal:
        return refusal.response.status_code != 401


async def test_a_signer_that_rotates_its_keys() -> None:
    """Whoever comes with a new key is let in once it is published, and those with the old one meanwhile."""
    signer = Signer()
    with signer.published() as url:
        options = {"jwks_url": url, "audience": AUDIENCE}
        async with scripted_upstream() as upstream, running(upstream.url, jwt=options) as relay:
            old = signer.sign("rsa", exp=time() + 3600)
            assert await gets_in(relay, old)
            fetches = signer.fetches
            signer.add("ec-2", ec.generate_private_key(ec.SECP256R1()))
            new = signer.sign("ec-2", exp=time() + 3600)
            while not await gets_in(relay, new):  # noqa: ASYNC110 - no two fetches are nearer than 10 s
                await asyncio.sleep(0.1)
            assert signer.fetches == fetches + 1
            assert await gets_in(relay, old)
            assert not await gets_in(relay, Signer().sign("rsa"))
