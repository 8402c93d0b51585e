"""Forms of sandboxes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from accounts.models import Team, User
from accounts.text import LineInput, LinesInput
from sandboxes.models import MIB, Sandbox, Template
from sandboxes.names import validate_slug
from sandboxes.permissions import ROLES_FOR, Action
from sandboxes.sizes import Size, bounds, limits
from sandboxes.words import MINUTE_S, in_words


class CreateForm(forms.Form):
    """A new sandbox: template, name, size; the team only where there is a choice."""

    template = forms.ModelChoiceField(
        Template.objects.filter(is_active=True),
        to_field_name="slug",
        empty_label=None,
        error_messages={"required": "Choose a template.", "invalid_choice": "This template is not offered any more."},
    )
    slug = forms.CharField(
        label="Name",
        max_length=30,
        help_text="Lower-case letters, digits and hyphens. It is part of addresses and cannot be changed.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    size = forms.ChoiceField(choices=Size.choices, initial=Size.STANDARD, required=False)

    def __init__(self, user: User, *args: Any, team: Team | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        first = Template.objects.filter(is_active=True).values_list("slug", flat=True).first()
        self.initial.update(slug=Sandbox.objects.free_slug(), team=team, template=first)
        self.teams = Team.objects.where(user, set(ROLES_FOR[Action.CREATE]))
        self.fields["team"] = forms.ModelChoiceField(self.teams, empty_label=None)

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).strip()
        validate_slug(slug)
        if Sandbox.objects.filter(slug=slug).exists():
            raise ValidationError(f"{self._who_has(slug)} {self.initial['slug']} is free.")
        return slug

    def _who_has(self, slug: str) -> str:
        """Only who sees a sandbox in the trash learns that it is there."""
        lying = Sandbox.objects.trashed_for(self.user).select_related("team").filter(slug=slug).first()
        if lying is None or lying.purge_at is None:
            return "This name is taken."
        return f"This name belongs to a sandbox in the trash of {lying.team} until {lying.purge_at:%-d %b}."

    def save(self) -> Sandbox | None:
        """Create the sandbox; None, with the error in its place, when someone was faster with the name."""
        wish = self.cleaned_data
        try:
            return Sandbox.create(
                slug=wish["slug"],
                template=wish["template"],
                team=wish["team"],
                by=self.user,
                **limits(wish["template"], Size(wish["size"] or Size.STANDARD)),
            )
        except ValidationError as error:
            self.add_error("slug" if "slug" in getattr(error, "error_dict", {}) else None, error.messages)
            return None


class SettingsForm(forms.Form):
    """One part of a sandbox's settings: filled with what holds, and `save` writes what is wanted."""

    # What to say once it is saved.
    saved = "Saved."

    def __init__(self, sandbox: Sandbox, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sandbox = sandbox
        self.fill()

    def fill(self) -> None:
        """Begin with what holds."""

    def save(self) -> None:
        """Write what is wanted."""


class DetailsForm(SettingsForm):
    """What people call a sandbox and what it is for."""

    title = LineInput(
        max_length=80, required=False, help_text="Shown in lists and at the top. Empty: its name is shown."
    )
    description = LinesInput(
        max_length=300, required=False, help_text="What it is for.", widget=forms.Textarea(attrs={"rows": 2})
    )

    def fill(self) -> None:
        self.initial.update(title=self.sandbox.title, description=self.sandbox.description)

    def save(self) -> None:
        self.sandbox.describe(**self.cleaned_data)


class LimitsForm(SettingsForm):
    """Memory, processor, processes and disk, in the units that people say."""

    saved = "Saved. Disk counts at once; sessions that run now get the rest with the next restart."

    memory_bytes = forms.DecimalField(label="Memory, MB", decimal_places=0)
    cpu_millis = forms.DecimalField(label="CPU, cores", decimal_places=3)
    pids_limit = forms.DecimalField(label="Processes", decimal_places=0)
    disk_bytes = forms.DecimalField(label="Disk, GB", decimal_places=1)

    # One of the form's units in those of the row.
    UNITS = {"memory_bytes": MIB, "cpu_millis": 1000, "pids_limit": 1, "disk_bytes": 1024 * MIB}

    def fill(self) -> None:
        for name, (least, most) in bounds(self.sandbox.template).items():
            holds, unit = getattr(self.sandbox, name), self.UNITS[name]
            self.initial[name] = plain(holds, unit)
            # What an admin gave beyond the bounds may stay.
            self._bound(self.fields[name], plain(min(least, holds), unit), plain(max(most, holds), unit))

    def _bound(self, field: forms.Field, least: Decimal, most: Decimal) -> None:
        field.validators += [MinValueValidator(least), MaxValueValidator(most)]
        field.widget.attrs.update(min=least, max=most, step="any", inputmode="decimal")
        field.help_text = f"{least} to {most}"

    def save(self) -> None:
        self.sandbox.change_limits(**{name: int(self.cleaned_data[name] * unit) for name, unit in self.UNITS.items()})


def plain(value: int, unit: int) -> Decimal:
    """Return a value in another unit, without zeros at its end."""
    return Decimal(f"{round(Decimal(value) / unit, 3).normalize():f}")


class IdleForm(SettingsForm):
    """After how long without typing it stops by itself."""

    NEVER, OWN = "never", "own"
    OFFERED = ["900", "3600", "28800", "86400"]

    after = forms.ChoiceField(
        label="Stop when nobody typed for",
        choices=[(NEVER, "Never stop"), *((each, in_words(int(each))) for each in OFFERED), (OWN, "Another time")],
    )
    minutes = forms.IntegerField(label="Another time, in minutes", required=False, min_value=5, max_value=30 * 24 * 60)

    def fill(self) -> None:
        timeout_s = self.sandbox.idle_timeout_s
        is_own = timeout_s is not None and str(timeout_s) not in self.OFFERED
        self.initial["after"] = self.OWN if is_own else str(timeout_s or self.NEVER)
        self.initial["minutes"] = timeout_s // MINUTE_S if timeout_s else None

    def clean(self) -> dict[str, Any]:
        wanted = super().clean() or {}
        if wanted.get("after") == self.OWN and not wanted.get("minutes") and "minutes" not in self.errors:
            self.add_error("minutes", "Say how many minutes: 5 to 43200, which is 30 days.")
        return wanted

    def save(self) -> None:
        after = self.cleaned_data["after"]
        chosen = self.cleaned_data["minutes"] * MINUTE_S if after == self.OWN else after
        self.sandbox.change_idle_timeout(None if after == self.NEVER else int(chosen))


class DeleteForm(forms.Form):
    """Typing the name is the confirmation."""

    name = forms.CharField(
        max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}), label="Name"
    )

    def __init__(self, sandbox: Sandbox, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sandbox = sandbox
        # The browser checks it too, so a wrong name costs no round trip. A slug has no character special to patterns.
        self.fields["name"].widget.attrs["pattern"] = sandbox.slug

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if name != self.sandbox.slug:
            raise ValidationError(f"Type {self.sandbox.slug} to delete it. Nothing was changed.")
        return name
