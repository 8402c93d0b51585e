"""A POST that is sent again with the same Idempotency-Key is answered again, not done again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthenticationError

from activity.refusals import Refused
from api.callers import Caller, caller_of
from api.models import KEY_MAX, KeptAnswer
from api.problems import problem

Run = Callable[..., HttpResponse]


class NotDone(Exception):  # noqa: N818 - carries an answer out of a transaction
    """Nothing was changed, so nothing is kept: the same key may be tried again."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.answer = answer


def once_by_itself(view: Run) -> Run:
    """Mark an operation that keeps to a key by itself: it asks the engine, and no transaction may wait for that."""
    view.keeps_to_key = True  # type: ignore[attr-defined]
    return view


def answered_once(run: Run) -> Run:
    """Wrap an operation. Of requests with one key at once the others wait for the first one's answer."""
    view = getattr(getattr(run, "__self__", None), "view_func", None)
    if getattr(view, "keeps_to_key", False):
        return run

    @wraps(run)
    def answer(request: HttpRequest, **values: Any) -> HttpResponse:
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or key is None:
            return run(request, **values)
        try:
            caller = caller_of(request)
        except (AuthenticationError, Refused):
            return run(request, **values)  # which says so
        if not 1 <= len(key) <= KEY_MAX or not key.isprintable():
            text = f"An Idempotency-Key has 1 to {KEY_MAX} printable characters. Nothing was changed."
            return problem(request, 400, "bad_idempotency_key", text)
        try:
            return done_or_kept(request, caller, key, lambda: run(request, **values))
        except NotDone as failed:
            return failed.answer

    return answer


def done_or_kept(request: HttpRequest, caller: Caller, key: str, do: Callable[[], HttpResponse]) -> HttpResponse:
    """Do it and keep the answer, both or neither. Raises NotDone."""
    digest = sha256(b"\0".join([(request.method or "").encode(), request.path.encode(), request.body])).hexdigest()
    KeptAnswer.objects.purge()
    with transaction.atomic():
        # The row is the lock: a second request with this key waits here until the first one's is written or gone.
        kept, is_new = KeptAnswer.objects.get_or_create(holder=caller.holder, key=key, defaults={"digest": digest})
        if not is_new and kept.digest != digest:
            text = "This Idempotency-Key was used for another request. Nothing was changed."
            return problem(request, 422, "idempotency_conflict", text)
        if not is_new:
            return kept.again()
        answer = do()
        if answer.status_code >= 400:
            raise NotDone(answer)
        kept.keep(answer)
        return answer
