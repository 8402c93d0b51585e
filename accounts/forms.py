"""Forms of setup, invitations and teams."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import ApiToken, Invitation, Membership, Role, Scope, SetupLink, Team, User
from accounts.text import LineInput


class AccountForm(forms.Form):
    """Who someone is and the password they choose."""

    email = forms.EmailField(
        label="Email", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    name = LineInput(
        max_length=80,
        required=False,
        help_text="How others see you. Empty: what stands before the @.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        strip=False,
        max_length=1000,
        help_text="At least 10 characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password:
            try:
                validate_password(password, User(email=cleaned.get("email", ""), name=cleaned.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class SetupForm(AccountForm):
    """The first owner and the first team."""

    team_name = LineInput(
        max_length=60, label="Team", initial="My team", help_text="Sandboxes belong to a team. You can invite others."
    )

    def save(self, token: str) -> User:
        """Use the setup link up. Raises ValidationError when it is no longer good."""
        return SetupLink.use(token, **self.cleaned_data)


class JoinForm(AccountForm):
    """A new account for someone who holds an invitation."""

    def clean_email(self) -> str:
        email = super().clean_email()
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError("This address has an account. Sign in with it to join.")
        return email

    def save(self, invitation: Invitation) -> User:
        """Make the account and use the invitation up. Raises ValidationError when it is no longer good."""
        return invitation.accept_as_new(**self.cleaned_data)


class TeamNameForm(forms.Form):
    """Another name for a team."""

    name = LineInput(label="Team name", max_length=60)

    def __init__(self, team: Team, data: Any = None) -> None:
        super().__init__(data, initial={"name": team.name})
        self.team = team

    def save(self) -> bool:
        """Rename the team; False, with the error in its place, when the name is taken."""
        try:
            self.team.rename(self.cleaned_data["name"])
        except ValidationError as error:
            self.add_error("name", error.messages[0])
            self.team.refresh_from_db()
            return False
        return True


class RoleForm(forms.Form):
    """One of the roles that the acting member may give."""

    def __init__(self, acting: Membership, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grantable = [(role.value, role.label) for role in acting.grantable_roles]
        self.fields["role"] = forms.ChoiceField(choices=grantable, initial=Role.MEMBER)


class InviteForm(RoleForm):
    """A link for one person."""

    note = LineInput(
        label="For", max_length=80, required=False, widget=forms.TextInput(attrs={"placeholder": "Name, as a reminder"})
    )


class ApiTokenForm(forms.Form):
    """A new token for programs."""

    LIFETIMES = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "One year"}

    name = LineInput(
        max_length=60,
        help_text="What uses it, so that you know later what to revoke.",
        widget=forms.TextInput(attrs={"placeholder": "Nightly build", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.SANDBOXES_READ],
        error_messages={"required": "Choose at least one."},
    )
    lifetime = forms.ChoiceField(label="Ends after", choices=list(LIFETIMES.items()), initial="90")
    ends_with_password = forms.BooleanField(label="Ends also when I change my password", required=False)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["team"] = forms.ModelChoiceField(
            Team.objects.of(user), required=False, empty_label="All my teams", help_text="Where it may be used."
        )
        self.order_fields(["name", "scopes", "team", "lifetime"])

    def save(self) -> tuple[ApiToken, str] | None:
        """Return the token and its text; None, with the error in its place, when there are too many."""
        wish = self.cleaned_data
        try:
            return ApiToken.make(
                self.user,
                wish["name"],
                wish["scopes"],
                team=wish["team"],
                lifetime=timedelta(days=int(wish["lifetime"])),
                ends_with_password=wish["ends_with_password"],
            )
        except ValidationError as error:
            self.add_error(None, error.messages)
            return None
