"""Forms of sandboxes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Team, User
from sandboxes.models import Sandbox, Template
from sandboxes.names import validate_slug
from sandboxes.permissions import ROLES_FOR, Action
from sandboxes.sizes import Size, limits


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
        """Create the sandbox; None, with the error in its place, when somebody was faster with the name."""
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


class DetailsForm(forms.Form):
    """What people call a sandbox and what it is for."""

    title = forms.CharField(
        max_length=80, required=False, help_text="Shown in lists and at the top. Empty: its name is shown."
    )
    description = forms.CharField(
        max_length=300, required=False, help_text="What it is for.", widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, sandbox: Sandbox, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sandbox = sandbox
        self.initial.update(title=sandbox.title, description=sandbox.description)

    def save(self) -> None:
        self.sandbox.describe(**self.cleaned_data)


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
