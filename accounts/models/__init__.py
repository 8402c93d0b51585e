"""Who may do what: people, teams, the membership that joins them with a role, and the links and tokens that let in."""

from accounts.models.api_token import ApiToken, Scope, TokenUse
from accounts.models.invitation import Invitation, InvitationQuerySet, SetupLink, found
from accounts.models.team import GRANTABLE, Membership, Role, Team, TeamQuerySet
from accounts.models.user import User, UserManager

__all__ = [
    "GRANTABLE",
    "ApiToken",
    "Invitation",
    "InvitationQuerySet",
    "Membership",
    "Role",
    "Scope",
    "SetupLink",
    "Team",
    "TeamQuerySet",
    "TokenUse",
    "User",
    "UserManager",
    "found",
]
