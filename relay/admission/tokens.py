"""Static tokens: the operator's list of who may come in."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from relay.admission.identity import Identity
from relay.config.token_options import TOKEN_LENGTH_LEAST, TokenOption

HASH = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class _Entry:
    digest: str
    identity: Identity


class Tokens:
    """Knows tokens by their hashes, and looks at all of them each time: how long it takes tells nothing of a guess."""

    def __init__(self, options: Iterable[TokenOption]) -> None:
        self._entries = tuple(map(_entry, options))

    def identify(self, credential: str) -> Identity | None:
        """Who this token belongs to; None where it is nobody's."""
        digest = token_digest(credential)
        found = None
        for entry in self._entries:
            if hmac.compare_digest(entry.digest, digest):
                found = entry.identity
        return found


def read_tokens_file(path: Path) -> Iterator[TokenOption]:
    """The tokens in a file: one a line, with its subject and its profile after it where it has them; `#` is a comment.

    Raises:
        OSError, UnicodeDecodeError: the file cannot be read.
        ValueError: a line is wrong; the words name its number and not its content.
    """
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.partition("#")[0].split()
        if len(words) > 3:
            raise ValueError(f"line {number}: more than a token, its subject and its profile")
        if words:
            if len(words[0]) < TOKEN_LENGTH_LEAST:
                raise ValueError(f"line {number}: a token of less than {TOKEN_LENGTH_LEAST} characters")
            if not words[0].isascii():
                raise ValueError(f"line {number}: a token with a character that no header can carry")
            yield TokenOption(**dict(zip(("token", "subject", "profile"), words, strict=False)))  # type: ignore[arg-type]


def token_digest(token: str) -> str:
    """The token's SHA-256 in hexadecimal digits, which can stand in the settings for the token itself."""
    return hashlib.sha256(token.encode()).hexdigest()


def _entry(option: TokenOption) -> _Entry:
    written = option.token.get_secret_value()
    hashed = HASH.fullmatch(written)
    digest = hashed[1] if hashed else token_digest(written)
    subject = option.subject or f"token-{digest[:12]}"
    return _Entry(digest, Identity(subject, option.profile, speaks_for_others=option.subject is None))
