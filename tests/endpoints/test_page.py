"""How the page's files are served: compressed, kept by browsers, asked for again."""

import gzip

import httpx2 as httpx
import pytest
from starlette.datastructures import Headers

from relay.endpoints.page import LASTING, PageFiles, takes_gzip

WORDS = "export const words = 'a word, and a word, and a word, and a word';\n" * 20


@pytest.fixture
def http(tmp_path) -> httpx.AsyncClient:
    (tmp_path / "main.js").write_text(WORDS)
    (tmp_path / "main.0123456789abcdef.js").write_text(WORDS)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    return httpx.AsyncClient(transport=httpx.ASGITransport(PageFiles(directory=tmp_path)), base_url="http://relay")


async def raw(http: httpx.AsyncClient, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    async with http.stream("GET", path, headers=headers) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


async def test_text_is_compressed(http) -> None:
    """Whoever takes gzip gets it, and caches are told; whoever does not gets the file as it lies."""
    answer, body = await raw(http, "/main.js", **{"Accept-Encoding": "br, gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert int(answer.headers["content-length"]) == len(body) < len(WORDS) / 5
    assert gzip.decompress(body) == WORDS.encode()
    plain, body = await raw(http, "/main.js", **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert body == WORDS.encode()
    assert plain.headers["vary"] == answer.headers["vary"] == "Accept-Encoding"


async def test_a_picture_is_not_compressed(http) -> None:
    """What is compressed already is left alone."""
    answer, body = await raw(http, "/picture.png", **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert body == b"\x89PNG"


async def test_a_changed_file_is_compressed_anew(http, tmp_path) -> None:
    """A developer who reloads sees what was just written."""
    await raw(http, "/main.js", **{"Accept-Encoding": "gzip"})
    (tmp_path / "main.js").write_text("changed")
    _, body = await raw(http, "/main.js", **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(body) == b"changed"


async def test_what_was_kept_is_asked_for_again_and_not_sent_again(http) -> None:
    """A file that has not changed is a 304, whether it was kept compressed or not."""
    for coding in ("gzip", "identity"):
        kept, _ = await raw(http, "/main.js", **{"Accept-Encoding": coding})
        assert kept.headers["cache-control"] == "no-cache"
        again, body = await raw(http, "/main.js", **{"Accept-Encoding": coding, "If-None-Match": kept.headers["etag"]})
        assert (again.status_code, body) == (304, b"")


async def test_a_name_that_says_what_is_in_it_is_kept_for_good(http) -> None:
    """A browser does not ask again for a file whose name changes with its content."""
    answer, _ = await raw(http, "/main.0123456789abcdef.js")
    assert answer.headers["cache-control"] == LASTING


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ("gzip", True),
        ("br;q=1.0, GZIP;q=0.5, *;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("identity", False),
        ("", False),
        ("x-gzipped", False),
    ],
)
def test_gzip_is_taken_by_name(offered, taken) -> None:
    """A weight of nothing is a refusal, and a longer word is another coding."""
    assert takes_gzip(Headers({"accept-encoding": offered})) is taken
