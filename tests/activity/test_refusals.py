"""One tree of refusals: each has a status, a close code and a word, and every entry answers from it."""

from __future__ import annotations

import inspect
from http import HTTPStatus
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from activity import refusals
from activity.refusals import Close, Refused
from config.errors import RefusedMiddleware
from tests.live import ROOT

KINDS = [kind for _, kind in inspect.getmembers(refusals, inspect.isclass) if issubclass(kind, Refused)]
LEAVES = [kind for kind in KINDS if kind is not Refused]


def test_the_drawing_is_the_tree() -> None:
    drawn = [line.split() for line in (refusals.__doc__ or "").splitlines() if "──" in line]
    said = {words[1]: (int(words[2]), int(words[3]), words[4]) for words in drawn}
    assert said == {kind.__name__: (kind.status, kind.close, kind.code) for kind in LEAVES}


def test_every_close_code_has_a_refusal() -> None:
    assert {kind.close for kind in LEAVES} == set(Close)


@pytest.mark.parametrize("kind", LEAVES)
def test_a_page_shows_the_sentence_with_the_status(kind: type[Refused]) -> None:
    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    middleware = RefusedMiddleware(view)
    answer = middleware.process_exception(RequestFactory().get("/"), kind("It was not done."))
    assert answer is not None
    assert answer.status_code == HTTPStatus(kind.status)
    if kind.status != HTTPStatus.NOT_FOUND:  # a stranger reads the same page wherever nothing is
        assert "It was not done." in answer.content.decode()


def test_no_view_writes_a_refusal_by_hand() -> None:
    """Views, sockets and routes translate: what is refused is raised from the tree."""
    for package in ("accounts", "sandboxes", "sessions"):
        for source in (ROOT / package).rglob("*.py"):
            text = Path(source).read_text()
            assert "PermissionDenied" not in text, f"{source} raises Django's refusal: raise one of activity.refusals"
            assert "status=403" not in text, source
