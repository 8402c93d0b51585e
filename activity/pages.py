"""Entries on a page: filters, one screen after the other. Which entries someone may see, the caller decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Max, Q
from django.http import QueryDict

from activity.models import Entry, EntryQuerySet, Outcome
from activity.verbs import GROUPS, VERBS, verbs_of

ON_A_PAGE = 50
# A select with more names is no help; the text filter finds the others, and who acted before the newest entries.
# Looking at 100,000 of them for their names took longer than all the rest of the page.
PEOPLE_OFFERED, LOOKED_AT = 200, 10_000
# Stands in the filter for what no signed-in person did.
NOBODY = "0"


class FilterForm(forms.Form):
    """What to look for. Everything is optional."""

    person = forms.ChoiceField(required=False)
    what = forms.ChoiceField(required=False)
    outcome = forms.ChoiceField(required=False, choices=[("", "Any"), *Outcome.choices])
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.CharField(required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"}))

    def __init__(self, query: QueryDict, people: list[tuple[str, str]]) -> None:
        super().__init__(query)
        self.fields["person"].choices = [("", "Anybody"), *people]  # type: ignore[attr-defined]
        self.fields["what"].choices = what_choices()  # type: ignore[attr-defined]
        self.fields["text"].widget.attrs["placeholder"] = "Name, sandbox, terminal…"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "The last day is before the first.")
        return cleaned

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return any(self.cleaned_data.values()) if self.is_valid() else True

    def narrow(self, entries: EntryQuerySet) -> EntryQuerySet:
        """Return the entries that match; none while a field is wrong."""
        if not self.is_valid():
            return entries.none()
        return entries.filter(*conditions(self.cleaned_data))


def conditions(wanted: dict[str, Any]) -> Iterable[Q]:
    if wanted["person"]:
        yield Q(actor_id=None if wanted["person"] == NOBODY else int(wanted["person"]))
    if wanted["what"]:
        yield Q(verb__in=verbs_of(wanted["what"]))
    if wanted["outcome"]:
        yield Q(outcome=wanted["outcome"])
    if wanted["since"]:
        yield Q(at__gte=midnight(wanted["since"]))
    if wanted["until"]:
        yield Q(at__lt=midnight(wanted["until"]) + timedelta(days=1))
    if wanted["text"]:
        text = wanted["text"]
        yield Q(actor__icontains=text) | Q(target__icontains=text) | Q(sandbox__icontains=text)


def midnight(day: date) -> datetime:
    """Pages show times in UTC, so days begin there, too."""
    return datetime.combine(day, time.min, UTC)


def what_choices() -> list[tuple[str, Any]]:
    """Return each group as a choice of its own, with its verbs below."""
    of_group = {group: [(verb, VERBS[verb]) for verb in verbs_of(group)] for group in GROUPS}
    groups = [(name, [(group, f"{name}: everything"), *of_group[group]]) for group, name in GROUPS.items()]
    return [("", "Anything"), *groups]


def people_in(entries: EntryQuerySet) -> list[tuple[str, str]]:
    """Return (value, label) of everybody who acts in the newest of these entries, as they were called last."""
    newest = entries.order_by("-number").values("number")[:LOOKED_AT]
    latest = Entry.objects.filter(number__in=newest).order_by().values_list("actor_id").annotate(latest=Max("number"))
    numbers = [number for _, number in latest.order_by("-latest")[:PEOPLE_OFFERED]]
    acting = Entry.objects.filter(number__in=numbers).values_list("actor_id", "actor")
    named = [(str(pk), name) for pk, name in acting if pk is not None]
    nobody = [(NOBODY, "Nobody signed in")] if len(named) < len(numbers) else []
    return [*sorted(named, key=lambda each: each[1].lower()), *nobody]


@dataclass(frozen=True)
class Page:
    """One screen of entries, the newest first. `older` is the address of the next screen, "" at the end."""

    form: FilterForm
    entries: list[Entry]
    older: str
    newest: str
    query: str
    shows_addresses: bool

    @classmethod
    def of(cls, query: QueryDict, entries: EntryQuerySet, *, shows_addresses: bool) -> Page:
        """Return the screen that a page's query string asks for. One that asks for nonsense gets the newest."""
        form = FilterForm(query, people_in(entries))
        matching, before = form.narrow(entries), query.get("before", "")
        is_further = before.isascii() and before.isdigit() and len(before) < 19
        if is_further:
            matching = matching.filter(number__lt=int(before))
        found = list(matching.order_by("-number")[: ON_A_PAGE + 1])
        shown = found[:ON_A_PAGE]
        asked = {name: query[name] for name in form.fields if query.get(name)}
        return cls(
            form=form,
            entries=shown,
            older=f"?{urlencode(asked | {'before': shown[-1].number})}" if len(found) > len(shown) else "",
            newest=f"?{urlencode(asked)}" if is_further else "",
            query=urlencode(asked),
            shows_addresses=shows_addresses,
        )
