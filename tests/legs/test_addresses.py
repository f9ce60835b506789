"""Names whose addresses are told one family after the other, or never, against real sockets."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest

from relay.legs.addresses import open_to_first
from tests.fakes.raw_upstream import black_hole

SIX, FOUR = socket.AF_INET6, socket.AF_INET
HOSTS = {SIX: "::1", FOUR: "127.0.0.1"}


@contextlib.contextmanager
def listening(family: socket.AddressFamily) -> Iterator[int]:
    with socket.create_server((HOSTS[family], 0), family=family) as server:
        yield server.getsockname()[1]


class Names:
    """A resolver that answers for each family when the test says so: with ports of this machine, or a fault.

    Attributes:
        asked, were_all_asked: of which families there were questions, and whether of both.
    """

    def __init__(self, **answers: int | list[int] | OSError | None) -> None:
        self._answers = {SIX: answers.get("six", []), FOUR: answers.get("four", [])}
        self._told = {family: asyncio.Event() for family in HOSTS}
        self.asked: list[socket.AddressFamily] = []
        self.were_all_asked = asyncio.Event()
        for family, answer in self._answers.items():
            if answer is not None:
                self._told[family].set()

    def tell(self, family: socket.AddressFamily, answer: int | list[int] | OSError) -> None:
        self._answers[family] = answer
        self._told[family].set()

    async def __call__(self, host: str, port: int, family: socket.AddressFamily):
        self.asked.append(family)
        if len(self.asked) == len(HOSTS):
            self.were_all_asked.set()
        await self._told[family].wait()
        answer = self._answers[family]
        if isinstance(answer, OSError):
            raise answer
        ports = [answer] if isinstance(answer, int) else answer or []
        return [(family, socket.SOCK_STREAM, 6, "", (HOSTS[family], each)) for each in ports]


async def family_of(names: Names) -> socket.AddressFamily:
    """Over which family a connection is had."""
    steps: list[None] = []
    sock = await open_to_first("upstream.example", 80, names, lambda: steps.append(None))
    assert len(steps) == 1
    with sock:
        return sock.family


async def test_both_families_are_asked_for_at_once() -> None:
    """With both known, the first address of IPv6 goes first."""
    with listening(SIX) as six, listening(FOUR) as four:
        names = Names(six=six, four=four)
        assert await family_of(names) is SIX
    assert names.asked == [SIX, FOUR]


@pytest.mark.parametrize("family", [SIX, FOUR])
async def test_a_family_that_nobody_answers_for_is_not_waited_for(family) -> None:
    """A resolver that is silent about one family holds up nobody who has an address of the other one."""
    with listening(family) as port:
        names = Names(six=port, four=None) if family is SIX else Names(six=None, four=port)
        assert await family_of(names) is family


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_NODATA])
async def test_a_family_without_an_answer(code) -> None:
    """A fault with one family is none, where the other one has addresses."""
    fault = socket.gaierror(code, "as the resolver says")
    with listening(FOUR) as four:
        assert await family_of(Names(six=fault, four=four)) is FOUR
    with listening(SIX) as six:
        assert await family_of(Names(six=six, four=fault)) is SIX


async def test_what_is_learnt_later_joins() -> None:
    """While the address that was known is silent, or refuses, one of the other family is used as soon as it is told."""
    with black_hole() as silent, listening(SIX) as six:
        for known in (silent, 1):
            names = Names(six=None, four=known)
            opening = asyncio.ensure_future(family_of(names))
            await names.were_all_asked.wait()
            names.tell(SIX, six)
            assert await opening is SIX


async def test_nothing_takes_the_connection() -> None:
    """The fault of those that were known first is told, also where the other family brings nothing."""
    for names in (Names(six=1, four=1), Names(six=[], four=1)):
        with pytest.raises(ConnectionRefusedError):
            await family_of(names)
    names = Names(six=None, four=1)
    opening = asyncio.ensure_future(family_of(names))
    await names.were_all_asked.wait()
    names.tell(SIX, 1)
    with pytest.raises(ConnectionRefusedError):
        await opening


@pytest.mark.parametrize(
    ("six", "four", "code"),
    [
        (socket.EAI_NODATA, socket.EAI_NONAME, socket.EAI_NONAME),
        (socket.EAI_AGAIN, socket.EAI_NODATA, socket.EAI_AGAIN),
        (socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_AGAIN),
        (None, None, socket.EAI_NONAME),
    ],
)
async def test_a_name_without_addresses(six, four, code) -> None:
    """A resolver that may know later is told apart from a name that there is not."""
    faults: list[OSError | list[int] | None] = [
        [] if each is None else socket.gaierror(each, "as the resolver says") for each in (six, four)
    ]
    with pytest.raises(socket.gaierror) as failure:
        await family_of(Names(six=faults[0], four=faults[1]))
    assert failure.value.errno == code


async def test_an_address_needs_no_resolver_of_two_families() -> None:
    """What is written as an address is asked for once, and given up with whoever asks."""
    with listening(FOUR) as port, black_hole() as silent:
        asked: list[socket.AddressFamily] = []

        async def literally(host: str, _: int, family: socket.AddressFamily):
            asked.append(family)
            return [(FOUR, socket.SOCK_STREAM, 6, "", (host, port))]

        (await open_to_first("127.0.0.1", port, literally, lambda: None)).close()
        assert asked == [socket.AF_UNSPEC]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await family_of(Names(six=None, four=silent))
