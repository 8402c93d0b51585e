"""Tokens that open one session and nothing else: for a browser or a program that works in it for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.models import Scope, TokenUse, User
from accounts.tokens import SESSION, SHOWN_LENGTH, is_api_token, new_api_token, token_hash
from activity.log import record
from sessions.models.session import Session

TOKENS_PER_SESSION = 50
# A minute is enough to open a page; whoever needs longer than an hour renews it.
LIFETIME_LEAST, LIFETIME_USUAL, LIFETIME_MAX = timedelta(minutes=1), timedelta(hours=1), timedelta(hours=24)
GRANTS = frozenset(
    {
        Scope.TERMINALS_READ.value,
        Scope.TERMINALS_WRITE.value,
        Scope.FILES_READ.value,
        Scope.FILES_WRITE.value,
    }
)


class SessionTokenQuerySet(models.QuerySet["SessionToken"]):
    def usable(self, now: datetime | None = None) -> SessionTokenQuerySet:
        """Those that open something: neither revoked nor expired, their maker active, the session not ended."""
        return self.filter(
            revoked_at=None, expires_at__gt=now or timezone.now(), user__is_active=True, session__ended_at=None
        )

    def with_text(self, text: str) -> SessionToken | None:
        """Return the usable token that this is; None for everything else."""
        if not is_api_token(text):
            return None
        rows = self.usable().select_related("user", "session__sandbox__team")
        return rows.filter(token_hash=token_hash(text)).first()


class SessionToken(TokenUse):
    """It does what its maker may do in the session, as long as they may; and nowhere else."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="tokens")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="session_tokens", verbose_name="made by")
    shown = models.CharField("begins with", max_length=SHOWN_LENGTH, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SessionTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(cls, session: Session, user: User, lifetime: timedelta = LIFETIME_USUAL) -> tuple[SessionToken, str]:
        """Return a new token and its text, which is never shown again. Raises ValidationError."""
        text, now = new_api_token(SESSION), timezone.now()
        token = cls(
            session=session,
            user=user,
            shown=text[:SHOWN_LENGTH],
            token_hash=token_hash(text),
            created_at=now,
            expires_at=now + checked(lifetime),
        )
        with transaction.atomic():
            # The session's row is the lock: two requests at once do not pass the limit.
            Session.objects.select_for_update().get(pk=session.pk)
            cls.objects.filter(session=session, expires_at__lte=now).delete()
            if cls.objects.usable(now).filter(session=session).count() >= TOKENS_PER_SESSION:
                raise ValidationError(f"A session has at most {TOKENS_PER_SESSION} tokens. Revoke one, or renew it.")
            token.save()
            record("session.token", session, detail={"token": token.shown})
        return token, text

    @property
    def name(self) -> str:
        """How the activity names what a program did with it."""
        return f"{self.shown}… of {self.session}"

    @property
    def grants(self) -> frozenset[str]:
        return GRANTS

    def renew(self, lifetime: timedelta = LIFETIME_USUAL) -> None:
        """Let it end later, counted from now. Connections that it opened stay. Raises ValidationError."""
        self.expires_at = timezone.now() + checked(lifetime)
        with transaction.atomic():
            self.save(update_fields=["expires_at"])
            record("session.token_renew", self.session, detail={"token": self.shown})

    def revoke(self) -> bool:
        """Make it worthless, with all that is open by it. False when it was so already."""
        with transaction.atomic():
            is_new = bool(SessionToken.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now()))
            if is_new:
                record("session.token_revoke", self.session, detail={"token": self.shown})
        self.revoked_at = self.revoked_at or timezone.now()
        return is_new


def checked(lifetime: timedelta) -> timedelta:
    if not LIFETIME_LEAST <= lifetime <= LIFETIME_MAX:
        least, most = (int(limit.total_seconds()) for limit in (LIFETIME_LEAST, LIFETIME_MAX))
        raise ValidationError({"lifetime_s": f"{least} to {most} seconds."})
    return lifetime
