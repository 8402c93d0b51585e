"""Triggers that refuse to change or remove what is recorded."""

from typing import Any

from django.db import migrations

from activity import triggers


def create(_apps: Any, editor: Any) -> None:
    for statement in triggers.CREATE[editor.connection.vendor]:
        editor.execute(statement)


def drop(_apps: Any, editor: Any) -> None:
    for statement in triggers.DROP[editor.connection.vendor]:
        editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ("activity", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(create, drop),
    ]
