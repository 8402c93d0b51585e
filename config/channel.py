# mypy: allow-untyped-calls
"""One HTTP connection with limits that are told: Twisted closes it without a word, and the sender sees a failure.

Import it only when serving: Twisted takes its reactor once.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from twisted.web.http import HTTPChannel

# An address with a long search, and twenty cookies of 1 KiB beside it; browsers themselves stop at 32 KiB or later.
ADDRESS_MAX_BYTES = 16 * 1024
HEAD_MAX_BYTES = 48 * 1024
# Twice what a form may send: what is a little too large gets a page of our own that says so.
BODY_MAX_BYTES = 5 * 1024 * 1024
# Who sends on after the answer would see a reset instead of it: so much more is read and thrown away.
DISCARDED_MAX_BYTES = 256 * 1024 * 1024
DISCARDING_S = 20.0

WORDS = {
    HTTPStatus.BAD_REQUEST: "This is no HTTP request that the server understands.",
    HTTPStatus.REQUEST_URI_TOO_LONG: f"The address is longer than {ADDRESS_MAX_BYTES // 1024} KiB. Shorten it.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"The headers are more than {HEAD_MAX_BYTES // 1024} KiB. In a browser, delete its cookies for this site."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "This is more than may be sent. Nothing was changed.",
}


# As problems of the API are coded, as far as it says the same.
CODES = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large"}


def problem_of(status: HTTPStatus) -> bytes:
    """Return the body of a problem (RFC 9457), as the API gives them."""
    code = CODES.get(status, status.phrase.lower().replace(" ", "_").replace("-", "_"))
    problem = {
        "type": f"/problems/{code.replace('_', '-')}",
        "title": status.phrase,
        "status": int(status),
        "detail": WORDS[status],
        "code": code,
    }
    return json.dumps(problem).encode()


class BoundedChannel(HTTPChannel):
    """Says with a status and a sentence what was too large, and reads the rest so that the answer arrives."""

    totalHeadersSize = HEAD_MAX_BYTES  # noqa: N815 - Twisted's name
    MAX_LENGTH = HEAD_MAX_BYTES

    transport: Any
    body_bytes = 0
    discarded_bytes = 0
    is_refused = False

    def dataReceived(self, data: bytes) -> Any:  # noqa: N802
        if not self.is_refused:
            return super().dataReceived(data)
        self.discarded_bytes += len(data)
        if self.discarded_bytes > DISCARDED_MAX_BYTES:
            self.transport.loseConnection()
        return None

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        if not self.is_in_head and len(line) > ADDRESS_MAX_BYTES:
            self.refuse(HTTPStatus.REQUEST_URI_TOO_LONG)
        elif self._receivedHeaderSize + len(line) > HEAD_MAX_BYTES:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        too_large = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self.refuse(too_large if self.is_in_head else HTTPStatus.REQUEST_URI_TOO_LONG)

    def allHeadersReceived(self) -> None:  # noqa: N802
        self.body_bytes = 0
        if (self.length or 0) > BODY_MAX_BYTES:
            self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            super().allHeadersReceived()

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        self.body_bytes += len(data)
        if self.body_bytes > BODY_MAX_BYTES and not self._handlingRequest:
            self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif not self.is_refused:
            super().rawDataReceived(data)

    @property
    def is_in_head(self) -> bool:
        """Whether the first line of a request was taken and what comes now are its headers."""
        return hasattr(self, "_command")

    def refuse(self, status: HTTPStatus) -> None:
        """Answer with the sentence, once; what else arrives is thrown away until the other side closes."""
        if self.is_refused:
            return
        self.is_refused = True
        is_for_program = getattr(self, "_path", b"").startswith(b"/api/")
        body = problem_of(status) if is_for_program else f"{WORDS[status]}\n".encode()
        kind = "application/problem+json" if is_for_program else "text/plain; charset=utf-8"
        head = (
            f"HTTP/1.1 {status:d} {status.phrase}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.setRawMode()
        self.transport.loseWriteConnection()
        self.setTimeout(None)
        self.callLater(DISCARDING_S, self.transport.loseConnection)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        self.refuse(HTTPStatus.BAD_REQUEST)
