"""Tokens with which a person's programs use the API: narrower than the person in every way, and for a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.models.team import Membership, Team
from accounts.models.user import User
from accounts.text import LineField
from accounts.tokens import PERSON, SHOWN_LENGTH, is_api_token, new_api_token, token_hash
from activity.log import record

TOKENS_PER_PERSON = 50
LIFETIME_SUGGESTED, LIFETIME_MAX = timedelta(days=90), timedelta(days=365)
# "Last used" is for people who tidy up: a write a minute is enough.
USE_WRITTEN_EVERY = timedelta(minutes=1)


class Scope(models.TextChoices):
    """What a token may be used for, as far as its person may do it."""

    SANDBOXES_READ = "sandboxes:read", "See sandboxes, sessions, templates and teams"
    SANDBOXES_WRITE = "sandboxes:write", "Create, start, stop, change and delete sandboxes"
    SESSIONS_WRITE = "sessions:write", "Create, change and end sessions"
    TERMINALS_READ = "terminals:read", "Look at terminals, and at the output of commands"
    TERMINALS_WRITE = "terminals:write", "Open terminals, run commands, connect to ports"
    FILES_READ = "files:read", "Read files, and see which ports listen"
    FILES_WRITE = "files:write", "Write, move and remove files"


# Scopes that another one brings along.
INCLUDES: dict[str, str] = {
    Scope.SANDBOXES_WRITE: Scope.SANDBOXES_READ,
    Scope.SESSIONS_WRITE: Scope.SANDBOXES_READ,
    Scope.TERMINALS_WRITE: Scope.TERMINALS_READ,
    Scope.FILES_WRITE: Scope.FILES_READ,
}


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, now: datetime | None = None) -> ApiTokenQuerySet:
        """Those that open something: neither revoked nor expired, their person active and in the token's team."""
        here = Membership.objects.filter(user=models.OuterRef("user"), team=models.OuterRef("team"))
        return self.filter(
            models.Q(team=None) | models.Exists(here),
            revoked_at=None,
            expires_at__gt=now or timezone.now(),
            user__is_active=True,
        )

    def listed(self, user: User) -> ApiTokenQuerySet:
        """A person's tokens that were not revoked, the newest first; those that have expired are still shown."""
        return self.filter(user=user, revoked_at=None).select_related("team")

    def with_text(self, text: str) -> ApiToken | None:
        """Return the usable token that this is; None for everything else."""
        if not is_api_token(text):
            return None
        return self.usable().select_related("user", "team").filter(token_hash=token_hash(text)).first()


class TokenUse(models.Model):
    """What tokens of every kind have in common: when and from where they were last used."""

    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.CharField(max_length=45, blank=True, editable=False)

    class Meta:
        abstract = True

    def note_use(self, address: str, now: datetime | None = None) -> None:
        """Write down that it was used, and from where; once a minute."""
        now = now or timezone.now()
        if self.last_used_at is None or self.last_used_at <= now - USE_WRITTEN_EVERY:
            self.last_used_at, self.last_used_from = now, address
            # No `save`: one that was deleted a moment ago is no error.
            rows = type(self)._default_manager.filter(pk=self.pk)  # noqa: SLF001 - documented API
            rows.update(last_used_at=now, last_used_from=address)


class ApiToken(TokenUse):
    """One token of one person."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = LineField(max_length=60, help_text="What uses it.")
    # Scopes, sorted.
    scopes = models.JSONField(default=list)
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+", help_text="Empty: all teams."
    )
    shown = models.CharField("begins with", max_length=SHOWN_LENGTH, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    ends_with_password = models.BooleanField(
        "ends with the password", default=False, help_text="A new password revokes it."
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(
        cls,
        user: User,
        name: str,
        scopes: Collection[str],
        *,
        team: Team | None = None,
        lifetime: timedelta = LIFETIME_SUGGESTED,
        ends_with_password: bool = False,
    ) -> tuple[ApiToken, str]:
        """Return a new token and its text, which is never shown again. Raises ValidationError."""
        text, now = new_api_token(PERSON), timezone.now()
        token = cls(
            user=user,
            name=" ".join(name.split()),
            scopes=sorted(set(scopes)),
            team=team,
            shown=text[:SHOWN_LENGTH],
            token_hash=token_hash(text),
            created_at=now,
            expires_at=now + lifetime,
            ends_with_password=ends_with_password,
        )
        token.full_clean(exclude=["user"])
        with transaction.atomic():
            # The person's row is the lock: two forms at once do not pass the limit.
            User.objects.select_for_update().get(pk=user.pk)
            if cls.objects.usable().filter(user=user).count() >= TOKENS_PER_PERSON:
                raise ValidationError(f"You have {TOKENS_PER_PERSON} tokens. Revoke one that nothing uses any more.")
            token.save()
            record("token.create", token, detail={"scopes": token.scopes, "team": team or "all"})
        return token, text

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        if not self.scopes or not set(self.scopes) <= set(Scope.values):
            errors["scopes"] = "Choose at least one of the scopes."
        if not timedelta() < self.expires_at - self.created_at <= LIFETIME_MAX:
            errors["expires_at"] = f"A token ends after {LIFETIME_MAX.days} days at most."
        if self.team is not None and self.team.role_of(self.user) is None:
            errors["team"] = "You are not in this team."
        if errors:
            raise ValidationError(errors)

    @property
    def grants(self) -> frozenset[str]:
        """Its scopes, with those that others include."""
        return frozenset(self.scopes) | {INCLUDES[scope] for scope in self.scopes if scope in INCLUDES}

    @property
    def scope_labels(self) -> list[str]:
        return [Scope(scope).label for scope in self.scopes]

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    def revoke(self) -> bool:
        """Make it worthless, with all that is open by it. False when it was so already."""
        with transaction.atomic():
            is_new = bool(ApiToken.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now()))
            if is_new:
                record("token.revoke", self)
        self.revoked_at = self.revoked_at or timezone.now()
        return is_new
