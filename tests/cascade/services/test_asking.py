"""relay.cascade.services.asking"""

import pytest

from relay.cascade.orders import Fault, Hear, Speak, Think
from relay.cascade.services.asking import Http
from relay.cascade.services.failures import ServiceFailed
from relay.config.cascade import Address
from relay.legs.proxies import read_proxy
from tests.fakes.orders import cascade_at, ordering
from tests.fakes.sounds import tone


async def test_the_key_and_the_headers_go_with_each_request(services) -> None:
    """A service gets its key as a bearer token, and the headers of the settings."""
    cascade = cascade_at(services, speak={"key": "sk-of-the-voice", "headers": {"X-Tenant": "t"}})
    async with ordering(cascade) as orderer:
        await orderer.carry_out(Speak(1, "Hello.", "marin"))
    headers = services.asked[0].headers
    assert (headers["authorization"], headers["x-tenant"]) == ("Bearer sk-of-the-voice", "t")


async def test_no_redirect_is_followed(services) -> None:
    """A service that sends elsewhere has refused: the key was meant for its address alone."""
    services.fault("speak", status=307)
    async with ordering(cascade_at(services, speak={"key": "sk-of-the-voice"})) as orderer:
        (failed,) = await orderer.carry_out(Speak(1, "Hello.", "marin"))
    assert "a redirect, which is not followed" in failed.reason  # type: ignore[union-attr]
    assert len(services.asked) == 1


async def test_a_request_goes_through_the_proxy(services) -> None:
    """Where the environment names a forward proxy for an address, requests go through it."""
    port = services.url.split(":")[2].split("/")[0]
    http = Http(proxy=lambda url: read_proxy(f"http://127.0.0.1:{port}") if "far.example" in url else None)
    with pytest.raises(ServiceFailed) as caught:
        async with http.post(Address("http://far.example/v1", "m"), "/audio/speech", {}):
            pass
    await http.close()
    assert caught.value.status == 404


@pytest.mark.parametrize("given", [{}, {"hear": {"stream": True}, "think": {"kind": "responses"}}])
async def test_connections_are_kept(services, given) -> None:
    """Requests go over connections that are there already, whatever the shape of their answers: all are read out.

    What one says is told before, so a second connection may be wanted beside the one whose answer ends.
    """
    async with ordering(cascade_at(services, **given)) as orderer:
        for number in range(0, 15, 3):
            await orderer.carry_out(Hear(number, tone(500)))
            await orderer.carry_out(Think(number + 1, ({"role": "user", "content": "Hello."},)))
            await orderer.carry_out(Speak(number + 2, "Hello.", "marin"))
    assert len({asked.connection for asked in services.asked}) <= 2


async def test_it_is_found_out_whether_a_service_is_there(services) -> None:
    """Any answer is a sign of life, a refusal too; silence is none."""
    http = Http()
    await http.is_there(Address(services.url, "m"))
    with pytest.raises(ServiceFailed) as caught:
        await http.is_there(Address("http://127.0.0.1:9/v1", "m"))
    await http.close()
    assert caught.value.fault is Fault.UNREACHABLE
