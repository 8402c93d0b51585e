"""Answers that are kept, so that a request which is sent again is not done again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.http import HttpResponse
from django.utils import timezone

from accounts.vault import sealed
from accounts.vault.sealed import SealedField

# As long as a program may try again after its network or its machine was gone.
KEPT_FOR = timedelta(hours=24)
KEY_MAX = 200
# What a repeated answer carries along besides its body.
KEPT_HEADERS = ("Location", "ETag")


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def purge(self, now: datetime | None = None) -> None:
        """Drop what no program will ask for any more."""
        self.filter(at__lt=(now or timezone.now()) - KEPT_FOR).delete()


class KeptAnswer(models.Model):
    """The answer to a POST that carried an Idempotency-Key, written in the transaction of the change itself."""

    # The token that it was given to: "p12" of a person, "s7" of a session.
    holder = models.CharField(max_length=24)
    key = models.CharField(max_length=KEY_MAX)
    # SHA-256 of method, path and body: the same key for something else is a mistake.
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    # Sealed, because some answers hold a new token.
    body = SealedField()
    at = models.DateTimeField(default=timezone.now)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["holder", "key"], name="one_answer_per_key")]
        indexes = [models.Index(fields=["at"], name="kept_answer_age")]

    def __str__(self) -> str:
        return f"answer {self.status} to {self.key}"

    def keep(self, answer: HttpResponse) -> None:
        self.status = answer.status_code
        sealed.put(self, "body", answer.content.decode())
        self.headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        self.save(update_fields=["status", "body", "headers"])

    def again(self) -> HttpResponse:
        """Return the same answer once more. Raises VaultError."""
        headers = dict(self.headers) | {"Idempotency-Replayed": "true"}
        return HttpResponse(
            sealed.get(self, "body"), status=self.status, content_type="application/json", headers=headers
        )
