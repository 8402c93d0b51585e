"""Answers that are kept, so that a request which is sent again is not done again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import ApiToken

# As long as a program may try again after its network or its machine was gone.
KEPT_FOR = timedelta(hours=24)
KEY_MAX = 200
# What a repeated answer carries along besides its body.
KEPT_HEADERS = ("Location", "ETag")


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def purge(self, token: ApiToken, now: datetime | None = None) -> None:
        """Drop what this token's program will not ask for any more."""
        self.filter(token=token, at__lt=(now or timezone.now()) - KEPT_FOR).delete()


class KeptAnswer(models.Model):
    """The answer to a POST that carried an Idempotency-Key, written in the transaction of the change itself."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=KEY_MAX)
    # SHA-256 of method, path and body: the same key for something else is a mistake.
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_per_key")]
        indexes = [models.Index(fields=["token", "at"], name="kept_answer_age")]

    def __str__(self) -> str:
        return f"answer {self.status} to {self.key}"

    def keep(self, answer: HttpResponse) -> None:
        self.status, self.body = answer.status_code, answer.content.decode()
        self.headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        self.save(update_fields=["status", "body", "headers"])

    def again(self) -> HttpResponse:
        """Return the same answer once more."""
        headers = dict(self.headers) | {"Idempotency-Replayed": "true"}
        return HttpResponse(self.body, status=self.status, content_type="application/json", headers=headers)
