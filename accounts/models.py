"""Who may do what: users, teams, and the membership that joins them with a role."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.text import LineField
from accounts.tokens import new_token, token_hash
from activity.log import record
from activity.source import current
from activity.target import Target

# Long enough to be read on Monday when it was sent on Friday.
INVITATION_LIFETIME = timedelta(days=7)
# The first start is done by the person who reads the log; a day covers a lunch and a night.
SETUP_LINK_LIFETIME = timedelta(days=1)


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail address is the name, in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        with transaction.atomic():
            user.save()
            record("user.create", user)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address."""

    email = models.EmailField("e-mail", unique=True, max_length=254)
    name = LineField(max_length=80, blank=True, help_text="How others see this person.")
    is_active = models.BooleanField("active", default=True, help_text="Off: signed out everywhere, cannot sign in.")
    is_staff = models.BooleanField("staff", default=False, help_text="May open the admin.")
    date_joined = models.DateTimeField("joined", default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **options: Any) -> None:
        # Set by set_password until it is saved: pages, admin and commands all come by here.
        has_new_password = getattr(self, "_password", None) is not None and not self._state.adding
        with transaction.atomic():
            super().save(*args, **options)
            if has_new_password:
                record("login.password", self)

    @property
    def display_name(self) -> str:
        """The name, or what stands before the @ of the address."""
        return self.name or self.email.split("@")[0]

    get_full_name = get_short_name = lambda self: self.display_name

    def disable(self) -> None:
        """Sign out everywhere and let nobody sign in; what the person made stays."""
        self._set_active(to=False)

    def enable(self) -> None:
        self._set_active(to=True)

    def _set_active(self, *, to: bool) -> None:
        with transaction.atomic():
            self.is_active = to
            self.save(update_fields=["is_active"])
            record("user.enable" if to else "user.disable", self)


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


# Which roles somebody may give to others and take from them. An admin cannot make owners, nor touch one.
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
        """Let somebody in; a member who is here already keeps the role they have."""
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
        """The roles that this person may give, to members and by invitation; none for who does not manage the team."""
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
                raise ValidationError("A team needs an owner: make somebody else owner first.")
            self.role = role
            self.save(update_fields=["role"])
            self.take_back_invitations()
            record("membership.role", self, detail={"from": stored.role, "to": role})

    def revoke(self) -> None:
        """End the membership. Raises ValidationError for the last owner."""
        with transaction.atomic():
            if Membership.objects.select_for_update().get(pk=self.pk).is_last_owner:
                raise ValidationError("A team needs an owner: make somebody else owner first.")
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
