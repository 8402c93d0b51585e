"""Actions of the admin on many rows: asked first, then done and answered row by row.

@on_each_row("Stop…", asks="Their terminals end. Files stay.")
def stop(self, request: HttpRequest, sandbox: Sandbox) -> Answer: ...
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.batches import in_batches

if TYPE_CHECKING:
    Admin = admin.ModelAdmin[Any]

# Each row is a transaction, and a terminal's end a question to the engine: what one request does within seconds.
ROWS_MAX = 500
# Rows named before, and lines of outcome after; the rest is counted.
NAMED = 20
ANSWERED = 50


@dataclass(frozen=True)
class Answer:
    """What became of a row, as a sentence that names it, at one of the levels of `django.contrib.messages`.

    `is_last`: the rows after it would wait for the same in vain and are left as they were.
    """

    text: str
    level: int = messages.SUCCESS
    is_last: bool = False


# Level -> what the rows are called that are only counted.
COUNTED = {messages.SUCCESS: "done", messages.WARNING: "left as they were", messages.ERROR: "failed"}

Change = Callable[[Any, HttpRequest, Any], Answer]
Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]


def on_each_row(
    description: str, *, asks: str = "", permissions: Sequence[str] = ("change",)
) -> Callable[[Change], Action]:
    """Turn a method for one row into an action for those that are chosen on a list.

    `asks` says what follows: with it a page lists the rows first. A ValidationError of a row is that row's answer.
    """

    def turn(change: Change) -> Action:
        @admin.action(description=description, permissions=permissions)
        @wraps(change)
        def act(model_admin: Admin, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
            count = chosen.count()
            if count > ROWS_MAX:
                model_admin.message_user(request, too_many(count), messages.ERROR)
            # The number that was shown: some may have gone meanwhile.
            elif asks and request.POST.get("confirmed") != str(count):
                return confirmation(model_admin, request, chosen, Question(change.__name__, description, asks, count))
            else:
                tell(model_admin, request, answers(change, model_admin, request, chosen), count)
            return None

        return act

    return turn


def too_many(count: int) -> str:
    return f"{count} rows are too many at once, nothing was changed. Narrow the list to {ROWS_MAX} with its filters."


def answers(change: Change, model_admin: Admin, request: HttpRequest, chosen: QuerySet[Any]) -> Iterator[Answer]:
    """Do it row by row and yield what became of each."""
    for row in in_batches(chosen):
        answer = answer_of(change, model_admin, request, row)
        yield answer
        if answer.is_last:
            return


def answer_of(change: Change, model_admin: Admin, request: HttpRequest, row: Model) -> Answer:
    try:
        return change(model_admin, request, row)
    except ValidationError as error:
        return Answer(f"{words_of(model_admin, row)}: {' '.join(error.messages)}", messages.ERROR)


def words_of(model_admin: Admin, row: Model) -> str:
    """Name a row so that it is clear which one is meant: the admin's `in_words` where it has one."""
    return str(getattr(model_admin, "in_words", str)(row))


def tell(model_admin: Admin, request: HttpRequest, answers: Iterable[Answer], count: int) -> None:
    """Show a line for each of the first rows, and how the others of `count` went in one."""
    others: Counter[int] = Counter()
    number = 0
    for number, answer in enumerate(answers, start=1):
        if number <= ANSWERED:
            model_admin.message_user(request, answer.text, answer.level)
        else:
            others[answer.level] += 1
    others[messages.WARNING] += count - number
    for level, more in others.items():
        if more:
            model_admin.message_user(request, f"{more} more: {COUNTED[level]}.", level)


@dataclass(frozen=True)
class Question:
    """An action by its name, what it is called, what follows from it, and for how many rows."""

    action: str
    description: str
    asks: str
    count: int

    def title(self, model_admin: Admin) -> str:
        """Return it as on the button: "Stop: 3 sandboxes"."""
        return f"{self.description.rstrip('…')}: {self.count} {model_ngettext(model_admin.opts, self.count)}"


def confirmation(model_admin: Admin, request: HttpRequest, chosen: QuerySet[Any], question: Question) -> HttpResponse:
    """Return the page that asks. It posts the rows that it counted, also for "all": what comes later is not meant."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question.title(model_admin),
        "opts": model_admin.opts,
        "question": question,
        "rows": [words_of(model_admin, row) for row in chosen[:NAMED]],
        "unnamed": max(0, question.count - NAMED),
        "has_changed": "confirmed" in request.POST,
        "picked": list(chosen.values_list("pk", flat=True)[:ROWS_MAX]),
        "checkbox": ACTION_CHECKBOX_NAME,
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)
