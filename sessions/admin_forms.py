"""The admin's form of a session: the same methods as the pages, the same silence about secrets."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sessions.brings import environment
from sessions.brings.git import TOKEN_MAX, Git
from sessions.forms import secret_input
from sessions.models import Session, permission_of

# What someone types to have no token any more.
CLEAR = "-"


class SessionAdminForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """`new_env` and the tokens are written, never read: an empty field keeps what is set, "-" clears it."""

    new_git_token = forms.CharField(
        label="git access token", max_length=TOKEN_MAX, required=False, widget=secret_input(), help_text="- clears it."
    )
    new_host_token = forms.CharField(
        label="host token", max_length=TOKEN_MAX, required=False, widget=secret_input(), help_text="- clears it."
    )
    new_env = forms.CharField(
        label="environment",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text='A JSON object such as {"NAME": "value"}; it takes the place of all variables, {} clears them.',
    )

    class Meta:
        model = Session
        fields = ("sandbox", "name", "user", "permission", "git_email", "git_name", "git_provider", "git_username")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        session = self.instance
        for name, is_set in (("git_token", session.git_token), ("host_token", session.host_token)):
            if is_set and f"new_{name}" in self.fields:
                self.fields[f"new_{name}"].widget.attrs["placeholder"] = "Set. Type to replace it."
        if session.env and "new_env" in self.fields:
            names = ", ".join(sorted(session.environment))
            self.fields["new_env"].widget.attrs["placeholder"] = f"Set: {names}. Type to replace all of them."

    def clean_new_env(self) -> dict[str, str] | None:
        """Return the variables; None when nothing was typed."""
        text = self.cleaned_data["new_env"].strip()
        if not text:
            return None
        try:
            env = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValidationError(f"This is not JSON: {error}.") from error
        if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
            raise ValidationError("Enter an object whose values are texts.")
        environment.check(env)
        return env

    def clean(self) -> dict[str, Any]:
        """Hold what was typed against git and against the team."""
        wish = super().clean() or {}
        if not self.errors:
            try:
                self._git(wish).check()
            except ValidationError as error:
                raise ValidationError(error.messages) from error
            user, sandbox = wish.get("user"), wish.get("sandbox")
            if user is not None and sandbox is not None and sandbox.team.role_of(user) is None:
                self.add_error("user", f"{user} is not in {sandbox.team}. Invite them first.")
        return wish

    def _git(self, wish: dict[str, Any]) -> Git:
        kept = self.instance.git.token if self.instance.pk else ""
        token = {"": kept, CLEAR: ""}.get(wish["new_git_token"], wish["new_git_token"])
        name = wish["git_name"] or wish.get("name") or self.instance.name
        return Git(wish["git_email"], name, wish["git_provider"], wish["git_username"], token)

    def keep(self) -> None:
        """Store the settings of the saved row."""
        wish, session = self.cleaned_data, self.instance
        session.set_git(self._git(wish))
        if wish["new_env"] is not None:
            session.set_environment(wish["new_env"])
        if wish["new_host_token"]:
            session.set_host_token({CLEAR: ""}.get(wish["new_host_token"], wish["new_host_token"]))

    def settle_permission(self) -> None:
        """A member's session has what their role gives, whatever was chosen."""
        if self.instance.user is not None:
            self.instance.permission = permission_of(self.instance.sandbox.team.role_of(self.instance.user))
