"""One-time links: an invitation into a team, and the setup link of the first start."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.models.team import Membership, Role, Team
from accounts.models.user import User
from accounts.text import LineField
from accounts.tokens import new_token, token_hash
from activity.log import record

# The first start is done by the person who reads the log; a day covers a lunch and a night.
SETUP_LINK_LIFETIME = timedelta(days=1)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime | None = None) -> InvitationQuerySet:
        """Invitations that can still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now or timezone.now())

    def with_token(self, token: str) -> InvitationQuerySet:
        return self.filter(token_hash=token_hash(token))


class Invitation(models.Model):
    """A link that lets one person into a team, once, before it expires."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    note = LineField("for", max_length=80, blank=True, help_text="Whom the link is for, as a reminder.")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Invitation to {self.team} as {self.get_role_display()}"

    def accept(self, user: User) -> Membership:
        """Use the link up. Raises ValidationError when it was used, revoked or has expired meanwhile."""
        with transaction.atomic():
            used = Invitation.objects.open().filter(pk=self.pk).update(accepted_at=timezone.now(), accepted_by=user)
            if not used:
                raise ValidationError("This invitation was used, revoked or has expired. Ask for a new one.")
            membership = self.team.add(user, self.role)
            record("invitation.accept", self, by=user)
            return membership

    def accept_as_new(self, email: str, password: str, name: str = "") -> User:
        """Make an account and use the link up with it. Raises ValidationError like `accept`; then nothing was made."""
        with transaction.atomic():
            Invitation.objects.select_for_update().filter(pk=self.pk).first()
            user = User.objects.create_user(email, password, name=name)
            self.accept(user)
        return user

    def revoke(self) -> None:
        """Void the link; nothing happens to one that is not open."""
        with transaction.atomic():
            if Invitation.objects.open().filter(pk=self.pk).update(revoked_at=timezone.now()):
                record("invitation.revoke", self, detail={"for": self.note})


class SetupLink(models.Model):
    """The one-time link of the first start; it makes the owner and the first team."""

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Setup link until {self.expires_at:%Y-%m-%d %H:%M}"

    @classmethod
    def renew(cls, now: datetime | None = None) -> str | None:
        """Return a fresh token, the former ones void; None when there is an owner already."""
        if User.objects.exists():
            return None
        token = new_token()
        with transaction.atomic():
            cls.objects.all().delete()
            expires_at = (now or timezone.now()) + SETUP_LINK_LIFETIME
            record("user.setup", cls.objects.create(token_hash=token_hash(token), expires_at=expires_at))
        return token

    @classmethod
    def is_open(cls, token: str, now: datetime | None = None) -> bool:
        links = cls.objects.filter(token_hash=token_hash(token), expires_at__gt=now or timezone.now())
        return links.exists() and not User.objects.exists()

    @classmethod
    def use(cls, token: str, email: str, password: str, team_name: str, name: str = "") -> User:
        """Make the owner and the first team. Raises ValidationError when the link is no longer good."""
        with transaction.atomic():
            used, _ = cls.objects.filter(token_hash=token_hash(token), expires_at__gt=timezone.now()).delete()
            if not used or User.objects.exists():
                raise ValidationError("This setup link was used or has expired. Start the server again for a new one.")
            return found(email, password, team_name, name)


def found(email: str, password: str, team_name: str, name: str = "") -> User:
    """Make the first owner, who also runs the admin, and the first team."""
    with transaction.atomic():
        owner = User.objects.create_superuser(email, password, name=name)
        team = Team.objects.create(name=team_name)
        record("team.create", team)
        team.add(owner, Role.OWNER)
    return owner
