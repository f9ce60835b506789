"""The signer's keys, over a real socket."""

import asyncio
import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from relay.admission.jwks import AGAIN_S, FRESH_S, LENGTH_LIMIT_BYTES, KeySet, KeysUnavailable
from tests.fakes.signer import Signer


@pytest.fixture(scope="module")
def made() -> Signer:
    return Signer()


@pytest.fixture
def signer(made: Signer) -> Signer:
    made.fetches, made.answer = 0, None
    return made


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_one_fetch_serves_all(signer) -> None:
    """Those who come together wait for one fetch, and those who come later for none."""
    with signer.published() as url:
        keys = KeySet(url)
        found = await asyncio.gather(*(keys.key("rsa") for _ in range(20)))
        assert (await keys.key("ec")) is not None
    assert {key and key.key_id for key in found} == {"rsa"}
    assert signer.fetches == 1


async def test_strangers_cause_few_fetches(signer) -> None:
    """A key that nobody knows is asked for at most once in ten seconds, whatever strangers send."""
    clock = Clock()
    with signer.published() as url:
        keys = KeySet(url, clock)
        for number in range(100):
            assert await keys.key(f"made-up-{number}") is None
        assert signer.fetches == 1
        clock.now += AGAIN_S
        assert await keys.key("made-up") is None
        assert signer.fetches == 2


async def test_a_new_key_is_found(signer) -> None:
    """A signer that changes its keys is followed: a new key is fetched when it is met, an old one forgotten in time."""
    clock = Clock()
    changing = Signer()
    with changing.published() as url:
        keys = KeySet(url, clock)
        assert await keys.key("rsa") is not None
        changing.keys["ec-2"] = changing.keys["ec"]
        clock.now += AGAIN_S
        assert await keys.key("ec-2") is not None
        del changing.keys["rsa"]
        assert await keys.key("rsa") is not None
        clock.now += FRESH_S
        assert await keys.key("rsa") is None


async def test_a_signer_that_is_away(signer) -> None:
    """While the signer cannot be reached the known keys go on to serve; where none are known, nobody is let in."""
    clock = Clock()
    with signer.published() as url:
        keys, late = KeySet(url, clock), KeySet(url, clock)
        await keys.key("rsa")
    clock.now += FRESH_S
    assert await keys.key("rsa") is not None
    with pytest.raises(KeysUnavailable):
        await late.key("rsa")


SECRET = {"kty": "oct", "k": "c2VjcmV0", "kid": "rsa"}


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"no"),
        (200, b"no JSON"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys":[{"kty":"strange"}]}'),
        (200, b'{"keys":[7]}'),
        (200, b"\xff"),
        (200, b" " * (LENGTH_LIMIT_BYTES + 1)),
        (200, b"[" * 100_000),
        (302, b""),
        (200, json.dumps({"keys": [SECRET]}).encode()),
    ],
)
async def test_a_signer_that_answers_nonsense(signer, answer) -> None:
    """What is no set of public keys is as good as none."""
    signer.answer = answer
    with signer.published() as url, pytest.raises(KeysUnavailable):
        await KeySet(url).key("rsa")


DRIPS = {
    "before its answer": b"HTTP/1.1 200",
    "in its head": b"HTTP/1.1 200 OK\r\nX-Drip: ",
    "in its body": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{",
}


@pytest.mark.parametrize("start", DRIPS.values(), ids=DRIPS)
async def test_a_signer_that_drips(signer, start) -> None:
    """A signer that sends a byte now and then is given up each time, and holds no thread: not its own, not others'."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    clock, found = Clock(), None
    async with signer.dripping(start, times=3) as url:
        keys = KeySet(url, clock, timeout_s=0.2)
        while found is None:
            with contextlib.suppress(KeysUnavailable):
                found = await keys.key("rsa")
            assert await asyncio.to_thread(int, "7") == 7
            clock.now += AGAIN_S
    assert signer.fetches > 3


async def test_a_single_key_needs_no_name(signer) -> None:
    """A token that names no key is checked with the only one that there is, and where there are several with none."""
    with signer.published() as url:
        assert await KeySet(url).key(None) is None
        signer.answer = (200, json.dumps({"keys": [signer._published("ec", signer.keys["ec"])]}).encode())
        key = await KeySet(url).key(None)
        assert key is not None
        assert key.key_id == "ec"
