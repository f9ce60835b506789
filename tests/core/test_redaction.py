import json

import pytest

from relay.core.redaction import PIECES, REDACTED, Redaction, Secrets
from tests.fakes.legs import Joined

KEY = "sk-sentinel"


@pytest.mark.parametrize("kind", ["error", "session.created", "response.done", "conversation.item.added", "unheard.of"])
def test_a_quoted_key_is_taken_out(kind) -> None:
    """An upstream that quotes the relay's key, escaped or not, is not passed on as it is."""
    joined = Joined(Redaction(Secrets([KEY]))).opened()
    joined.upstream_says(json.dumps({"type": kind, "deep": [{"a": f"Bearer {KEY}!"}], KEY: 1}))
    joined.upstream_says(f'{{"type":"{kind}","a":"\\u0073k-sentinel"}}')
    for data in joined.peer.sent:
        assert isinstance(data, str)
        assert KEY not in json.dumps(json.loads(data))
        assert REDACTED in data


NESTED = "[" * 300 + f'"{KEY}"' + "]" * 300


@pytest.mark.parametrize(
    "data",
    [
        f'{{"type":"error","x":"\\ud83d","message":"{KEY}"}}',
        f'{{"type":"error","x":NaN,"message":"{KEY}"}}',
        f'{{"type":"error","message":"{KEY}\n"}}',
        f'{{"type":"error","message":"{KEY}',
        f'{{"type":"error","x":{NESTED}}}',
        f'{{"error":{{"values":[{"0," * 20_000}"{KEY}"]}},"type":"error"}}',
    ],
    ids=["half an emoji", "NaN", "a line's end", "cut off", "300 levels", "late type and 20,000 values"],
)
def test_a_key_is_taken_out_however_it_is_written(data) -> None:
    """An error that cannot be read in the usual way is redacted as well."""
    joined = Joined(Redaction(Secrets([KEY]))).opened()
    joined.upstream_says(data)
    (shown,) = joined.peer.sent
    assert isinstance(shown, str)
    assert KEY not in shown


ODD = [
    f'{{"type":"error","a":"{KEY}","a":1}}',
    f'{{"type":"error","a":NaN,"b":"{KEY}"}}',
    f'{{"type":"error","b":"{KEY}\\n","a":{"[" * 2000}{"]" * 2000}}}',
    f'{{"type":"error","b":"{KEY}\\n","a":{"[" * 500}{"]" * 500}}}',
    f"not an event, but with {KEY}",
    f'{{"type":"error","a":"{KEY}"}}'.encode(),
    b'{"type":"error","a":"\\u0073k-sentinel"}',
    b"\xff" + KEY.encode(),
]


@pytest.mark.parametrize("message", ODD, ids=range(len(ODD)))
def test_a_quoted_key_is_taken_out_of_what_is_no_event(message) -> None:
    """The key is in no message, be it binary, malformed, too deep to be read, or one with a key that stands twice."""
    joined = Joined(Redaction(Secrets([KEY]))).opened()
    joined.upstream_says(message)
    [seen] = joined.peer.sent
    assert type(seen) is type(message)
    assert KEY not in str(seen)
    assert "0073k" not in str(seen)


def test_pieces_of_an_answer_cost_nothing() -> None:
    """The frequent events are not looked at: they bring what the model makes, and it has no key."""
    joined = Joined(Redaction(Secrets([KEY]))).opened()
    assert {joined.session.down.hooks[kind] for kind in PIECES} == {()}


def test_other_errors_pass_untouched() -> None:
    """An error that quotes nothing keeps its bytes."""
    joined = Joined(Redaction(Secrets([KEY]))).opened()
    data = '{ "type" : "error", "error": "a string, as some providers send" }'
    joined.upstream_says(data)
    assert joined.peer.sent[0] is data


def test_the_longest_secret_is_taken_first() -> None:
    """A secret that contains another leaves no rest of itself."""
    assert Secrets(["abc", "abcdef", ""]).redact("xabcdefx") == f"x{REDACTED}x"


def test_secrets_do_not_show_themselves() -> None:
    """Printing the secrets tells their number only."""
    assert repr(Secrets([KEY])) == "Secrets(1)"
