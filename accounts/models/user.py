"""People: who signs in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.text import LineField
from activity.log import record


class UserManager(BaseUserManager["User"]):
    """Makes users; an email address is the name, in lower case."""

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
    """A person who signs in with an email address."""

    email = models.EmailField("email", unique=True, max_length=254)
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
                for token in self.api_tokens.filter(ends_with_password=True, revoked_at=None):
                    token.revoke()
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
