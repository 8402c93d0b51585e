"""Teams, and the membership that joins people to them with a role."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.models.user import User
from accounts.text import LineField
from accounts.tokens import new_token, token_hash
from activity.log import record
from activity.source import current
from activity.target import Target

if TYPE_CHECKING:
    from accounts.models.invitation import Invitation

# Long enough to be read on Monday when it was sent on Friday.
INVITATION_LIFETIME = timedelta(days=7)


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


# Which roles someone may give to others and take from them. An admin cannot make owners, nor touch one.
GRANTABLE: dict[str, tuple[Role, ...]] = {
    Role.OWNER: (Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER),
    Role.ADMIN: (Role.ADMIN, Role.MEMBER, Role.VIEWER),
}


class TeamQuerySet(models.QuerySet["Team"]):
    def of(self, user: User) -> TeamQuerySet:
        """Teams that this person belongs to."""
        return self.filter(memberships__user=user)

    def where(self, user: User, roles: set[str]) -> TeamQuerySet:
        """Teams in which this person has one of the roles."""
        return self.filter(memberships__user=user, memberships__role__in=roles)


class Team(models.Model):
    """People who share sandboxes."""

    name = LineField(max_length=60, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def role_of(self, user: User) -> Role | None:
        """The person's role here; None for a stranger."""
        role = self.memberships.filter(user=user).values_list("role", flat=True).first()
        return Role(role) if role else None

    def add(self, user: User, role: str = Role.MEMBER) -> Membership:
        """Let someone in; a member who is here already keeps the role they have."""
        with transaction.atomic():
            membership, is_new = self.memberships.get_or_create(user=user, defaults={"role": role})
            if is_new:
                record("membership.add", membership, detail={"role": role})
        return membership

    def rename(self, name: str) -> None:
        """Give another name. Raises ValidationError when it is empty, too long or taken."""
        was, self.name = self.name, " ".join(name.split())
        self.full_clean(exclude=["members"])
        with transaction.atomic():
            self.save(update_fields=["name"])
            record("team.rename", self, detail={"from": was})

    def invite(self, role: str, by: User, note: str = "", now: datetime | None = None) -> tuple[Invitation, str]:
        """Return a new invitation and its token, which is never shown again."""
        token = new_token()
        expires_at = (now or timezone.now()) + INVITATION_LIFETIME
        with transaction.atomic():
            invitation = self.invitations.create(
                role=role, invited_by=by, note=note, token_hash=token_hash(token), expires_at=expires_at
            )
            record("invitation.create", invitation, detail={"for": note})
        return invitation, token


class Membership(models.Model):
    """A person's place in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField("since", default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_person")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} as {self.get_role_display()}"

    @property
    def grantable_roles(self) -> tuple[Role, ...]:
        """The roles that this person may give, to members and by invitation; none for people who do not manage it."""
        return GRANTABLE.get(self.role, ())

    def may_change(self, other: Membership) -> bool:
        """Whether this person may change or end the other's membership of the same team."""
        return self.team_id == other.team_id and other.role in self.grantable_roles

    @property
    def is_last_owner(self) -> bool:
        owners = self.team.memberships.filter(role=Role.OWNER)
        return self.role == Role.OWNER and not owners.exclude(pk=self.pk).exists()

    def change_role(self, role: str) -> None:
        """Give another role. Raises ValidationError when the team would be left without an owner."""
        with transaction.atomic():
            stored = Membership.objects.select_for_update().get(pk=self.pk)
            if stored.is_last_owner and role != Role.OWNER:
                raise ValidationError("A team needs an owner: make someone else owner first.")
            self.role = role
            self.save(update_fields=["role"])
            self.take_back_invitations()
            record("membership.role", self, detail={"from": stored.role, "to": role})

    def revoke(self) -> None:
        """End the membership. Raises ValidationError for the last owner."""
        with transaction.atomic():
            if Membership.objects.select_for_update().get(pk=self.pk).is_last_owner:
                raise ValidationError("A team needs an owner: make someone else owner first.")
            ended = Target.of(self)
            self.role = ""
            self.take_back_invitations()
            self.delete()
            record("membership.leave" if current().actor_id == self.user_id else "membership.revoke", ended)

    def take_back_invitations(self) -> None:
        """Void the links that this person could not write any more: a removed admin leaves no door behind."""
        written = self.team.invitations.open().filter(invited_by=self.user)
        with transaction.atomic():
            # All rows before the first entry: see the lock order of `record`.
            for invitation in list(written.exclude(role__in=self.grantable_roles).select_for_update()):
                invitation.revoke()
