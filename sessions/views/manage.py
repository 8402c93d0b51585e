"""Pages around sessions: who is in a sandbox, a session more, what one brings along, its end."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.signing import person
from sandboxes.models import Sandbox
from sandboxes.permissions import Action
from sandboxes.views.reaching import permitted, visible
from sessions.command import acting
from sessions.forms import BaseVariables, NewSessionForm, SettingsForm
from sessions.models import Command, Session, Terminal
from sessions.rights.admission import require_running
from sessions.rights.table import Act, acts_of, require

# Of those that run in a session; the API lists all.
COMMANDS_SHOWN = 5


@dataclass(frozen=True)
class Row:
    """A session as the list shows it to one person."""

    session: Session
    terminals: list[Terminal]
    commands: list[Command]
    acts: frozenset[Act]

    @property
    def may_type(self) -> bool:
        return Act.TYPE in self.acts

    @property
    def shown_commands(self) -> list[Command]:
        return self.commands[:COMMANDS_SHOWN]

    @property
    def more_commands(self) -> int:
        """How many run besides those that are shown."""
        return max(0, len(self.commands) - COMMANDS_SHOWN)

    @property
    def may_end_commands(self) -> bool:
        return bool({Act.TYPE, Act.END} & self.acts)

    @property
    def may_configure(self) -> bool:
        return Act.CONFIGURE in self.acts

    @property
    def may_end(self) -> bool:
        return Act.END in self.acts


@login_required
@require_safe
@never_cache
def session_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is in the sandbox: permission, since when, last used, terminals."""
    sandbox = visible(request, slug)
    context = {
        "sandbox": sandbox,
        "tab": "sessions",
        "rows": rows_of(sandbox, request),
        "may_add": sandbox.permits(Action.SHARE, person(request)),
    }
    return render(request, "sessions/list.html", context)


def rows_of(sandbox: Sandbox, request: HttpRequest) -> list[Row]:
    user, role = person(request), sandbox.team.role_of(person(request))
    sessions = sandbox.sessions.filter(ended_at=None).select_related("user", "created_by")
    rows = []
    for session in sessions.with_terminals().with_commands():
        session.sandbox = sandbox
        terminals, commands = list(session.terminals.all()), list(session.commands.all())
        rows.append(Row(session, terminals, commands, acts_of(user, session, role)))
    return rows


@login_required
@never_cache
def new_session(request: HttpRequest, slug: str) -> HttpResponse:
    """Create a session; an id that is there leads to its session, of which nothing is changed."""
    sandbox = permitted(request, slug, Action.SHARE)
    form = NewSessionForm(sandbox, person(request), request.POST or None)
    variables = BaseVariables.of(None, request.POST or None)
    if request.method == "POST" and form.is_valid() and variables.is_valid():
        try:
            with transaction.atomic():
                session, is_new = form.save()
                if is_new:
                    session.set_environment(variables.changed_from({}))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            say_connected(request, session, is_new=is_new)
            return redirect("sessions:list", sandbox.slug)
    if request.method == "POST":
        form.ask_for_secrets_again()
    context = {"sandbox": sandbox, "tab": "sessions", "form": form, "variables": variables}
    return render(request, "sessions/new.html", context)


def say_connected(request: HttpRequest, session: Session, *, is_new: bool) -> None:
    if is_new:
        messages.success(request, f"{session.name} is being started.")
    else:
        messages.info(request, f"{session.name} is there already: here it is, nothing of it was changed.")


def permitted_session(request: HttpRequest, slug: str, name: str, act: Act) -> Session:
    """Return a session to act on. A stranger gets 404, someone who may only look 403 with the reason."""
    sandbox = permitted(request, slug, Action.VIEW)
    session = get_object_or_404(Session, sandbox=sandbox, name=name, ended_at=None)
    session.sandbox = sandbox
    require(person(request), act, session)
    return session


@login_required
@never_cache
def session_settings(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """What the session brings along: git, environment, host token."""
    session = permitted_session(request, slug, name, Act.CONFIGURE)
    form = SettingsForm(session, request.POST or None)
    variables = BaseVariables.of(session, request.POST or None)
    if request.method == "POST" and form.is_valid() and variables.is_valid():
        before = session.environment
        env = variables.changed_from(before)
        try:
            with transaction.atomic():
                if env != before:
                    session.set_environment(env)
                form.save_to(session)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, saved_words(session, env_changed=env != before))
            return redirect("sessions:settings", slug, name)
    if request.method == "POST":
        form.ask_for_secrets_again()
    context = {"sandbox": session.sandbox, "tab": "sessions", "session": session, "form": form}
    return render(request, "sessions/settings.html", context | {"variables": variables})


def saved_words(session: Session, *, env_changed: bool) -> str:
    if env_changed:
        return f"{session.name}: saved. New terminals have the new variables, those that run keep the old ones."
    return f"{session.name}: saved."


@login_required
@require_POST
def end_session(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    session = permitted_session(request, slug, name, Act.END)
    session.end()
    messages.success(request, f"{session.name} was ended. The files it made are all there.")
    return redirect(reverse("sessions:list", args=[slug]))


@login_required
@require_POST
def end_command(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a command: SIGTERM for its processes, and SIGKILL after five seconds."""
    command = acting.changeable(pk, person(request))
    sandbox = command.session.sandbox
    if command.is_live:
        require_running(command.session)
        command.note_end(person(request))
        acting.on_loop(acting.end(command))
        messages.success(request, f"“{command.title}” is told to end.")
    else:
        messages.info(request, f"“{command.title}” has ended already.")
    return redirect("sessions:list", sandbox.slug)
