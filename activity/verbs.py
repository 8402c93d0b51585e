"""What can be recorded: every verb with its words. `record` takes no other, so filters and pages know them all."""

from __future__ import annotations

# What comes before the dot groups the verbs of a page's filter.
GROUPS = {
    "sandbox": "Sandbox",
    "session": "Session",
    "terminal": "Terminal",
    "team": "Team",
    "invitation": "Invitations",
    "membership": "Members",
    "login": "Signing in",
    "user": "Accounts",
    "admin": "Admin",
    "access": "Access",
    "activity": "Activity",
}

# Said so that it reads right for what was done, refused and failed alike.
VERBS = {
    "sandbox.create": "Create sandbox",
    "sandbox.start": "Start sandbox",
    "sandbox.stop": "Stop sandbox",
    "sandbox.restart": "Restart sandbox",
    "sandbox.retry": "Retry sandbox",
    "sandbox.settings": "Change sandbox settings",
    "sandbox.trash": "Move sandbox to trash",
    "sandbox.restore": "Restore sandbox from trash",
    "sandbox.delete": "Delete sandbox",
    "sandbox.gone": "Remove sandbox's files",
    "sandbox.awake": "Keep sandbox awake",
    "sandbox.idle": "Stop idle sandbox",
    "sandbox.run": "Run sandbox",
    "sandbox.crash": "Sandbox ended by itself",
    "sandbox.oom": "Sandbox out of memory",
    "sandbox.pids": "Sandbox at its limit of processes",
    "sandbox.disk": "Sandbox at its limit of disk",
    "session.create": "Create session",
    "session.connect": "Connect to session",
    "session.end": "End session",
    "session.permission": "Change session permission",
    "session.settings": "Change session settings",
    "session.retry": "Retry session",
    "session.run": "Run session",
    "terminal.open": "Open terminal",
    "terminal.attach": "Look at terminal",
    "terminal.end": "End terminal",
    "terminal.exit": "Shell ended",
    "terminal.rename": "Rename terminal",
    "team.create": "Create team",
    "team.rename": "Rename team",
    "invitation.create": "Write",
    "invitation.revoke": "Revoke",
    "invitation.accept": "Accept",
    "membership.add": "Add member",
    "membership.role": "Change role",
    "membership.revoke": "Remove member",
    "membership.leave": "Leave team",
    "login.ok": "Sign in",
    "login.failed": "Sign in",
    "login.logout": "Sign out",
    "login.password": "Change password",
    "login.mfa": "Change second factor",
    "user.create": "Create account",
    "user.disable": "Disable account",
    "user.enable": "Enable account",
    "admin.add": "Add in the admin",
    "admin.change": "Change in the admin",
    "admin.delete": "Delete in the admin",
    "access.refused": "Act beyond the role",
    "activity.export": "Export activity",
}


def verbs_of(choice: str) -> list[str]:
    """Return the verbs that a choice of the filter means: one, or all of a group; [] for what is not known."""
    return [verb for verb in VERBS if choice in (verb, verb.split(".")[0])]
