import pytest

from relay.config.errors import RequestInvalid
from relay.config.request_body import read_json
from relay.core.nesting import DEEPEST_LEVEL


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return f"{opening * depth}1{closing * depth}".encode()


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":[1,[', "]]}]")])
def test_how_deep_json_may_be(opening, closing) -> None:
    """JSON is read as deep as it may be nested, and one level more is told as too deep."""
    levels = sum(opening.count(each) for each in "[{")
    most = DEEPEST_LEVEL // levels
    assert read_json(nested(most, opening, closing), "tools")
    for depth in (most + 1, 250 // levels, 1000 // levels):
        with pytest.raises(RequestInvalid, match=r"^tools is nested more than 100 levels deep"):
            read_json(nested(depth, opening, closing), "tools")


@pytest.mark.parametrize("text", [b"", b"{", nested(2000), b'"\\ud83d"', b"NaN", b'"\xff"', b"{'a':1}"])
def test_what_is_no_json(text) -> None:
    """What is no JSON is told so, and so is what is too deep to be looked at."""
    with pytest.raises(RequestInvalid, match=r"^tools is no JSON"):
        read_json(text, "tools")


@pytest.mark.parametrize("text", [b"1", b"null", b"[]", b"{}", b'{"a":[{"b":"c"}],"d":1.5}'])
def test_what_json_says(text) -> None:
    """Anything else is what it says."""
    assert read_json(text, "tools") == eval(text.replace(b"null", b"None"))
