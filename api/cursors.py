"""Lists in pages: a cursor is opaque, signed, and says behind which row the next page begins."""

from __future__ import annotations

from typing import Any

from django.core import signing

from activity.refusals import Invalid

SALT = "api.cursor"
PAGE, PAGE_MAX = 50, 500


def cursor_after(place: list[Any], query: str) -> str:
    """Return the cursor of a page that begins behind `place` of the list that `query` asks for."""
    return signing.dumps([query, place], salt=SALT, compress=True)


def place_in(cursor: str, query: str) -> list[Any] | None:
    """Return the place; None for the first page. Raises Invalid when it is another list's, or nobody's."""
    if not cursor:
        return None
    try:
        made_for, place = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Invalid("This cursor is not one of this server's. Begin at the first page.", code="bad_cursor") from error
    if made_for != query or not isinstance(place, list):
        raise Invalid("This cursor belongs to another list. Begin at the first page.", code="bad_cursor")
    return place
