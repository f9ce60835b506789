"""Forms that single words in the settings have to have; each function says what is wrong with one that has not."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

ANY = "*"
SIGNING_LENGTH_LEAST = 32
"""As RFC 7518, 3.2, wants it for HS256."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def check_origin(value: str) -> str:
    """An origin as browsers write it (RFC 6454, 6.2), `null`, or `*`; another one would never be met.

    Raises:
        ValueError: it is none; the words say how it would be written.
    """
    if value in {ANY, "null"}:
        return value
    parts = _split(value)
    if not parts.scheme or not parts.netloc:
        raise ValueError(
            f"{value!r} is no origin: it needs a scheme, as in https://{value.partition('/')[0] or 'NAME'}"
        )
    if "*" in value:
        raise ValueError(f"{value!r}: there are no patterns; list each origin, or `*` for any")
    bare = f"{parts.scheme}://{parts.netloc.lower().removesuffix(f':{_DEFAULT_PORTS.get(parts.scheme)}')}"
    if value != bare or "@" in value:
        written = bare.replace(parts.netloc.rpartition("@")[0] + "@", "")
        raise ValueError(f"{value!r} is not as browsers write it, with a path or in capitals: say {written}")
    return value


def check_proxy(value: str) -> str:
    """An address, a network, or `*`.

    Raises:
        ValueError: it is none, so no proxy would be trusted for it.
    """
    if value == ANY:
        return value
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise ValueError(f"{value!r} is neither an address nor a network{_meant_network(value)}") from None
    return value


def check_header(name: str, value: str) -> None:
    """Raise `ValueError` where a header of that name and value cannot be sent; the value is not quoted."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header")
    if any(character < " " or character > "\xff" or character == "\x7f" for character in value.replace("\t", " ")):
        raise ValueError(f"{name}: the value has a line break or a character that no header can carry")


def one_word(value: str) -> str:
    """A key or token without the white space around it.

    Raises:
        ValueError: it cannot be sent as one; it is not quoted.
    """
    word = value.strip()
    if not all("!" <= character <= "~" for character in word):
        raise ValueError("has white space in it, or a character that no key has: copy it again, whole and alone")
    return word


def one_secret_word(value: SecretStr | None) -> SecretStr | None:
    """The same for a setting that may be left out."""
    return None if value is None else SecretStr(one_word(value.get_secret_value()))


def is_address(value: str, schemes: frozenset[str]) -> bool:
    """Whether it is a URL of one of the schemes, with a host, and with a port that can be if there is one."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def http_address(value: str | None) -> str | None:
    """An address that is asked over HTTP, for a setting that may be left out.

    Raises:
        ValueError: it is none.
    """
    if value is not None and not is_address(value, frozenset({"http", "https"})):
        raise ValueError(f"{value!r} is not an address that starts with https:// or http://")
    return value


def signing_secret(value: SecretStr | None) -> SecretStr | None:
    """A secret that signs, for a setting that may be left out.

    Raises:
        ValueError: it is so short that it could be found by trying; it is not quoted.
    """
    if value is not None and len(value.get_secret_value()) < SIGNING_LENGTH_LEAST:
        raise ValueError(f"has less than {SIGNING_LENGTH_LEAST} characters, so it could be found by trying")
    return value


def _split(value: str) -> SplitResult:
    try:
        return urlsplit(value)
    except ValueError:
        raise ValueError(f"{value!r} is no address") from None


def _meant_network(value: str) -> str:
    try:
        return f"; did you mean {ipaddress.ip_network(value, strict=False)}?"
    except ValueError:
        return ", such as 10.0.0.7 or 10.0.0.0/8; a name is not looked up"
