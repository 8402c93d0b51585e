"""What is refused, in one tree: pages, scripts, programs and websockets answer from the same class.

    Refused            status  close  code          when
    ├── Invalid           400   4400  invalid       what came makes no sense
    ├── SignedOut         401   4401  signed_out    nobody is signed in, or not any more
    ├── NotAllowed        403   4403  not_allowed   they may see it and not do that; recorded in the activity
    ├── Hidden            404   4403  unknown       it does not exist or is not theirs: nobody learns which
    ├── NotNow            409   1012  not_now       it starts or changes: worth trying again
    ├── Over              410   4404  over          it is gone for good
    ├── TakenOver         409   4409  taken_over    the same browser connected once more
    ├── TooMany           409   4429  too_many      a limit on the number of things is reached
    └── EngineSilent      503   4503  engine_away   the engine does not answer, or refuses

Raised where the rule stands, with the sentence that people read: what happened, what did not change, what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, ClassVar

from django.db.models import Model


class Close(IntEnum):
    """Close codes of the websockets, the terminals' and that of events."""

    RESTARTING = 1012
    MALFORMED = 4400
    SIGNED_OUT = 4401
    NOT_ALLOWED = 4403
    GONE = 4404
    TAKEN_OVER = 4409
    TOO_MANY = 4429
    ENGINE_AWAY = 4503


class Refused(Exception):
    """Something that was asked for is not done.

    `status` is for HTTP, `close` for websockets, `code` for programs, `text` for people; `target` is the row that
    it was about, for the activity; `details` are values of the text that a program needs.
    """

    status: ClassVar[int] = 400
    close: ClassVar[Close] = Close.MALFORMED
    code: str = "refused"

    def __init__(
        self, text: str, target: Model | None = None, *, code: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(text)
        self.text, self.target, self.details = text, target, dict(details or {})
        self.code = code or self.code


class Invalid(Refused):
    status, close, code = 400, Close.MALFORMED, "invalid"


class SignedOut(Refused):
    status, close, code = 401, Close.SIGNED_OUT, "signed_out"


class NotAllowed(Refused):
    status, close, code = 403, Close.NOT_ALLOWED, "not_allowed"


class Hidden(Refused):
    # Not 4404: a page that hears "gone" would say that the thing had been there.
    status, close, code = 404, Close.NOT_ALLOWED, "unknown"


class NotNow(Refused):
    status, close, code = 409, Close.RESTARTING, "not_now"


class Over(Refused):
    status, close, code = 410, Close.GONE, "over"


class TakenOver(Refused):
    status, close, code = 409, Close.TAKEN_OVER, "taken_over"


class TooMany(Refused):
    status, close, code = 409, Close.TOO_MANY, "too_many"


class EngineSilent(Refused):
    status, close, code = 503, Close.ENGINE_AWAY, "engine_away"
