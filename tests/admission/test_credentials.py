import pytest
from starlette.datastructures import Headers

from relay.admission.credentials import choose_subprotocol, find_credential
from relay.core.closing import Cause, Refused

AUTHORIZATION = "authorization"
SUBPROTOCOLS = "sec-websocket-protocol"


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.encode(), value.encode("latin-1")) for name, value in pairs])


@pytest.mark.parametrize(
    ("pairs", "credential"),
    [
        ([], None),
        ([(AUTHORIZATION, "Bearer abc")], "abc"),
        ([(AUTHORIZATION, "bearer  abc ")], "abc"),
        ([(AUTHORIZATION, "Basic YTpi")], None),
        ([(AUTHORIZATION, "Bearer")], None),
        ([(AUTHORIZATION, "")], None),
        ([(SUBPROTOCOLS, "realtime, openai-insecure-api-key.abc")], "abc"),
        ([(SUBPROTOCOLS, "realtime"), (SUBPROTOCOLS, "openai-insecure-api-key.abc")], "abc"),
        ([(SUBPROTOCOLS, "xai-client-secret.abc")], "abc"),
        ([(SUBPROTOCOLS, "realtime,openai-insecure-api-key.")], None),
        ([(SUBPROTOCOLS, ",, ,")], None),
        ([(AUTHORIZATION, "Basic YTpi"), (SUBPROTOCOLS, "openai-insecure-api-key.abc")], "abc"),
        ([(AUTHORIZATION, "Bearer abc"), (SUBPROTOCOLS, "openai-insecure-api-key.other")], "abc"),
        ([(AUTHORIZATION, "Bearer abc"), (AUTHORIZATION, "Bearer abc")], "abc"),
        ([("x-api-key", "abc"), ("cookie", "token=abc")], None),
    ],
)
def test_where_a_credential_stands(pairs, credential) -> None:
    """A credential is a bearer token, or stands in the subprotocol that the API's browser clients use."""
    assert find_credential(headers(*pairs)) == credential


@pytest.mark.parametrize(
    "pairs",
    [
        [(AUTHORIZATION, "Bearer abc"), (AUTHORIZATION, "Bearer other")],
        [(SUBPROTOCOLS, "openai-insecure-api-key.abc, openai-insecure-api-key.other")],
    ],
)
def test_several_credentials_are_none(pairs) -> None:
    """A peer with two credentials is refused: a proxy before the relay may have checked the other one."""
    with pytest.raises(Refused) as refusal:
        find_credential(headers(*pairs))
    assert refusal.value.ended.cause is Cause.CREDENTIALS_REFUSED


@pytest.mark.parametrize(
    ("offered", "echoed"),
    [
        ([], None),
        (["realtime", "openai-insecure-api-key.x"], "realtime"),
        (["openai-insecure-api-key.x", "other"], "other"),
        (["openai-insecure-api-key.x", "realtime", "relay.binary.v1"], "relay.binary.v1"),
        (["xai-client-secret.x"], "xai-client-secret.x"),
    ],
)
def test_which_subprotocol_is_echoed(offered, echoed) -> None:
    """Exactly one offered subprotocol comes back, and a credential only where there is nothing else."""
    assert choose_subprotocol(offered) == echoed
