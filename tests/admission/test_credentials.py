import pytest
from starlette.datastructures import Headers

from relay.admission.credentials import choose_subprotocol, offered_subprotocols, read_credentials

AUTHORIZATION = "authorization"
SUBPROTOCOLS = "sec-websocket-protocol"


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.encode(), value.encode("latin-1")) for name, value in pairs])


@pytest.mark.parametrize(
    ("pairs", "credentials"),
    [
        ([], ()),
        ([(AUTHORIZATION, "Bearer abc")], ("abc",)),
        ([(AUTHORIZATION, "bearer  abc ")], ("abc",)),
        ([(AUTHORIZATION, "Basic YTpi")], ()),
        ([(AUTHORIZATION, "Bearer")], ("",)),
        ([(AUTHORIZATION, "")], ()),
        ([(SUBPROTOCOLS, "realtime, openai-insecure-api-key.abc")], ("abc",)),
        ([(SUBPROTOCOLS, "realtime"), (SUBPROTOCOLS, "openai-insecure-api-key.abc")], ("abc",)),
        ([(SUBPROTOCOLS, "xai-client-secret.abc")], ("abc",)),
        ([(SUBPROTOCOLS, "realtime,openai-insecure-api-key.")], ("",)),
        ([(SUBPROTOCOLS, ",, ,")], ()),
        ([(AUTHORIZATION, "Basic YTpi"), (SUBPROTOCOLS, "openai-insecure-api-key.abc")], ("abc",)),
        ([(AUTHORIZATION, "Bearer abc"), (SUBPROTOCOLS, "openai-insecure-api-key.other")], ("abc",)),
        ([(AUTHORIZATION, "Bearer abc"), (AUTHORIZATION, "Bearer abc")], ("abc",)),
        ([("api-key", " abc ")], ("abc",)),
        ([("api-key", "")], ()),
        ([("api-key", ""), (AUTHORIZATION, "Bearer abc")], ("abc",)),
        ([("api-key", "abc"), (AUTHORIZATION, "Bearer abc")], ("abc",)),
        ([("api-key", "abc"), (AUTHORIZATION, "Bearer other")], ("other", "abc")),
        ([("api-key", "abc"), ("api-key", "other")], ("abc", "other")),
        ([("api-key", "abc"), (SUBPROTOCOLS, "openai-insecure-api-key.other")], ("abc",)),
        ([("x-api-key", "abc"), ("cookie", "token=abc")], ()),
        ([(AUTHORIZATION, "Bearer abc"), (AUTHORIZATION, "Bearer other")], ("abc", "other")),
        ([(SUBPROTOCOLS, "openai-insecure-api-key.abc, openai-insecure-api-key.other")], ("abc", "other")),
    ],
)
def test_where_a_credential_stands(pairs, credentials) -> None:
    """A credential is a bearer token or Azure's `api-key`, or stands in the subprotocol that browser clients use."""
    given = headers(*pairs)
    assert read_credentials(given, offered_subprotocols(given)) == credentials


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
