"""Forms of sessions. What is stored as a secret is set, replaced or cleared here, and never shown."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.text import LineInput
from sandboxes.models import Sandbox
from sandboxes.permissions import Action
from sessions.brings import environment
from sessions.brings.environment import ENV_MAX_COUNT
from sessions.brings.git import DEFAULT_PROVIDER, DEFAULT_USERNAME, TOKEN_MAX, Git
from sessions.models import Permission, Session
from sessions.names import validate_session_id

PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
# "new-password": a browser must not offer what someone signs in with.
SECRET = {"autocomplete": "new-password", "spellcheck": "false"}


def secret_input() -> forms.PasswordInput:
    return forms.PasswordInput(attrs=dict(SECRET), render_value=False)


class SettingsForm(forms.Form):
    """Git and host token of a session."""

    git_email = forms.CharField(
        label="Email",
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs=dict(PLAIN)),
        help_text="Written into commits. Without it git has no identity here.",
    )
    git_name = LineInput(label="Name", max_length=80, required=False, help_text="The session's id when empty.")
    git_provider = forms.CharField(
        label="Provider",
        max_length=200,
        required=False,
        initial=DEFAULT_PROVIDER,
        widget=forms.TextInput(attrs=dict(PLAIN)),
        help_text="Where the token is sent, and nowhere else: a host, or an address with a port.",
    )
    git_username = LineInput(
        label="User name",
        max_length=200,
        required=False,
        initial=DEFAULT_USERNAME,
        widget=forms.TextInput(attrs=dict(PLAIN)),
        help_text=f"What the provider wants beside the token; {DEFAULT_USERNAME} for most.",
    )
    git_token = forms.CharField(label="Access token", max_length=TOKEN_MAX, required=False, widget=secret_input())
    clear_git_token = forms.BooleanField(label="Clear the access token", required=False)
    host_token = forms.CharField(
        label="Host token",
        max_length=TOKEN_MAX,
        required=False,
        widget=secret_input(),
        help_text="Signs the addresses of the sandbox's ports for whoever connects to this session.",
    )
    clear_host_token = forms.BooleanField(label="Clear the host token", required=False)

    def __init__(self, session: Session | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session = session
        for name in ("git_token", "host_token"):
            if self.has(name):
                self.fields[name].widget.attrs["placeholder"] = "Set. Type to replace it."
            else:
                del self.fields[f"clear_{name}"]
        if session is not None:
            columns = ("git_email", "git_name", "git_provider", "git_username")
            self.initial.update({column: getattr(session, column) for column in columns})

    def has(self, secret: str) -> bool:
        """Whether this secret is set."""
        return self.session is not None and bool(getattr(self.session, secret))

    def git(self, session: Session) -> Git:
        """Return the identity that was asked for: an empty token field keeps the token, the box clears it."""
        wish = self.cleaned_data
        kept = "" if wish.get("clear_git_token") else session.git.token
        return Git(
            email=wish["git_email"],
            name=wish["git_name"] or session.name,
            provider=wish["git_provider"] or DEFAULT_PROVIDER,
            username=wish["git_username"] or DEFAULT_USERNAME,
            token=wish["git_token"] or kept,
        )

    def clean(self) -> dict[str, Any]:
        """Check the identity as a whole."""
        wish = super().clean() or {}
        if wish.get("git_name") and not wish.get("git_email"):
            self.add_error("git_email", "git needs an email address beside the name.")
        if not self.errors:
            stand_in = self.session or Session(name=wish.get("name") or "session")
            try:
                self.git(stand_in).check()
            except ValidationError as error:
                self.add_error(None, error)
        return wish

    def ask_for_secrets_again(self) -> None:
        """Say at each secret that was typed that it is not there any more: what is typed here is never sent back."""
        for name in ("git_token", "host_token"):
            if self.data.get(name):
                self.add_error(name, "Type it again: it was not saved, and secrets are not sent back to this page.")

    def save_to(self, session: Session) -> None:
        """Store what changed."""
        git = self.git(session)
        if git != session.git:
            session.set_git(git)
        if self.cleaned_data.get("clear_host_token"):
            session.set_host_token("")
        if self.cleaned_data["host_token"]:
            session.set_host_token(self.cleaned_data["host_token"])


class NewSessionForm(SettingsForm):
    """A session for someone: a member of the team, or whoever stands behind an outside reference."""

    name = forms.CharField(
        label="Id",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs=PLAIN | {"pattern": "[a-zA-Z0-9_\\-]{1,20}"}),
        help_text="1 to 20 letters, digits, hyphens or underscores. Empty: the global session, pitcher-host.",
    )
    user = forms.ModelChoiceField(
        User.objects.none(),
        label="For",
        required=False,
        empty_label="Someone outside the team, identified by the id",
        help_text="A member works in it with the permission of their role.",
    )
    permission = forms.ChoiceField(
        label="Permission",
        choices=Permission.choices,
        initial=Permission.WRITE,
        widget=forms.RadioSelect,
    )

    def __init__(self, sandbox: Sandbox, by: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)
        self.sandbox, self.by = sandbox, by
        if sandbox.permits(Action.MANAGE, by):
            people = cast("forms.ModelChoiceField[User]", self.fields["user"])
            people.queryset = sandbox.team.members.filter(is_active=True).exclude(
                sandbox_sessions__in=sandbox.sessions.all()
            )
        else:
            del self.fields["user"]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if name:
            validate_session_id(name)
        return name

    def save(self) -> tuple[Session, bool]:
        """Return the session with this id and whether it is new. Raises ValidationError."""
        wish = self.cleaned_data
        session, is_new = Session.connect(
            self.sandbox, wish["name"], by=self.by, user=wish.get("user"), permission=wish["permission"]
        )
        if is_new:
            self.save_to(session)
        return session, is_new


class VariableForm(forms.Form):
    """One environment variable. `known` names one that is set already: an empty value then keeps what it has."""

    known = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label="Name", required=False, max_length=200, widget=forms.TextInput(attrs=dict(PLAIN)))
    value = forms.CharField(
        label="Value",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs=PLAIN | {"rows": 1}),
    )
    remove = forms.BooleanField(label="Remove", required=False)

    @property
    def known_name(self) -> str:
        return str(self["known"].value() or "")

    def clean_value(self) -> str:
        """A browser sends line ends as CR LF, whatever was typed."""
        return str(self.cleaned_data["value"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        wish = super().clean() or {}
        name = wish.get("name", "")
        if name and not wish.get("known"):
            try:
                environment.check_name(name)
            except ValidationError as error:
                self.add_error("name", error)
        elif wish.get("value") and not wish.get("known"):
            self.add_error("name", "Say which variable has this value.")
        return wish


class BaseVariables(forms.BaseFormSet):  # type: ignore[type-arg]  # takes none at run time
    """A session's variables."""

    @classmethod
    def of(cls, session: Session | None, data: Any = None) -> BaseVariables:
        names = sorted(session.environment) if session else []
        return cast("BaseVariables", Variables(data, prefix="env", initial=[{"known": name} for name in names]))

    def changed_from(self, env: dict[str, str]) -> dict[str, str]:
        """Return the variables that were asked for, beginning with those that are set now."""
        result = dict(env)
        for form in self.forms:
            wish = form.cleaned_data
            known, name, value = wish.get("known", ""), wish.get("name", ""), wish.get("value", "")
            if known and wish.get("remove"):
                result.pop(known, None)
            elif known and value:
                result[known] = value
            elif name and not known:
                result[name] = value
        return result

    def clean(self) -> None:
        names = [form.cleaned_data.get("name", "") for form in self.forms if not form.errors]
        twice = {name for name in names if name and names.count(name) > 1}
        if twice:
            raise ValidationError(f"{', '.join(sorted(twice))}: named twice. Keep one of them.")
        typed = {name: form.cleaned_data["value"] for name, form in zip(names, self.forms, strict=False) if name}
        environment.check(typed)


Variables = forms.formset_factory(
    VariableForm, formset=BaseVariables, extra=1, max_num=ENV_MAX_COUNT, absolute_max=ENV_MAX_COUNT + 1
)


class SessionTokenForm(forms.Form):
    """A new token that opens one session."""

    LIFETIMES = {1: "1 hour", 8: "8 hours", 24: "One day"}

    hours = forms.TypedChoiceField(label="Ends after", choices=list(LIFETIMES.items()), initial=1, coerce=int)
