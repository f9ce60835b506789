"""An upstream's answer to the upgrade request, read as HTTP before a carrier sees it.

The carriers differ in what they take: picows wants `Connection: Upgrade` and nothing beside it (RFC 9110, 7.6.1, has a
list of tokens there), knows no status that Python has no name for, and drops a refusal's body. So the answer is read
here, for both, and each is given what it understands.
"""

import abc
import asyncio
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.http11 import Response

BODY_S = 1.0
"""How long the words of a refusal may take; its status says enough without them."""

BODY_LIMIT_BYTES = 16 * 1024
HEAD_LIMIT_BYTES = 16 * 1024


class NoHttp(InvalidHandshake):
    """What an upstream answered is no HTTP."""


class UpgradeReader(asyncio.Protocol, abc.ABC):
    """The protocol of a connection until its upgrade has been answered; a subclass puts the carrier's in its place."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._headers = Headers()
        self._code = 0
        self._status = b""
        self._body = b""
        self._head_bytes = 0
        self._has_head = False
        self._is_whole = False
        self._is_over = False
        self._give_up: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport

    def let_go(self) -> None:
        """Forget what was read: uvloop's transports know their first protocol for as long as they live."""
        del self._headers, self._status, self._body, self.transport

    # What a subclass says.

    @abc.abstractmethod
    def answered(self, response: Response, rest: bytes) -> None:
        """The answer has come; behind a 101 there may be frames already."""

    @abc.abstractmethod
    def unanswered(self, failure: Exception) -> None:
        """What came is no HTTP, or the connection ended before it was an answer."""

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._head_bytes += 0 if self._has_head else len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._answer(data[upgrade.args[0] :])
        except HttpParserError as failure:
            self._end_early(NoHttp(str(failure)))
        else:
            if self._is_whole or len(self._body) > BODY_LIMIT_BYTES:
                self._answer()
            if not self._has_head and self._head_bytes > HEAD_LIMIT_BYTES:
                self._end_early(NoHttp("its headers are too long"))

    def eof_received(self) -> None:
        self._end_early(EOFError("the connection ended before there was an answer"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_early(exc or EOFError("the connection ended before there was an answer"))

    # What the parser calls, which would swallow an exception: nothing is decided here.

    def on_status(self, status: bytes) -> None:
        self._status += status

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._has_head = True
        self._code = self._parser.get_status_code()
        if self._code >= 200:
            self._give_up = asyncio.get_running_loop().call_later(BODY_S, self._answer)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._code >= 200:
            self._is_whole = True
        elif self._code != 101:  # an interim answer: the real one follows
            self._headers, self._status, self._has_head = Headers(), b"", False

    # How it is done.

    def _answer(self, rest: bytes = b"") -> None:
        if self._over():
            return
        if 100 <= self._code < 600:
            phrase = self._status.decode("latin-1")
            self.answered(Response(self._code, phrase, self._headers, self._body[:BODY_LIMIT_BYTES]), rest)
        else:
            self.unanswered(NoHttp(f"there is no HTTP status {self._code}"))

    def _end_early(self, failure: Exception) -> None:
        """Make do with what has come, which may be enough."""
        if self._has_head:
            self._answer()
        elif not self._over():
            self.unanswered(failure)

    def _over(self) -> bool:
        """Whether it was over already; it is now, and the parser, which holds this reader, is let go."""
        if self._is_over:
            return True
        self._is_over = True
        del self._parser
        if self._give_up is not None:
            self._give_up.cancel()
            self._give_up = None
        return False
