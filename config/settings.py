"""Django's settings: the one file that turns the environment into values. See the README's table."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from pydantic import ValidationError

from config.environment import ROOT, Environment


def read_environment() -> Environment:
    """Read and check `SANDLOT_*`; raise ImproperlyConfigured with one line per bad value."""
    try:
        return Environment()
    except ValidationError as error:
        lines = [f"SANDLOT_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise ImproperlyConfigured("; ".join(lines)) from None


def kept_value(path: Path, make: Any) -> str:
    """Return the file's text, making it with mode 0600 at the first start."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
    return path.read_text().strip()


def database(url: str) -> dict[str, Any]:
    """Return Django's database entry for "" (SQLite in the data folder) or a postgresql:// address."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "db.sqlite3",
            # Writers take the lock when the transaction begins: a reader that turns writer cannot fail half-way.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("SANDLOT_DATABASE_URL must begin with postgresql:// or be empty for SQLite.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 10}},
    }


ENVIRONMENT = read_environment()
DATA_DIR = ENVIRONMENT.data_dir
DEBUG = ENVIRONMENT.debug
SECRET_KEY = (
    ENVIRONMENT.secret_key.get_secret_value()
    if ENVIRONMENT.secret_key
    else kept_value(DATA_DIR / "secret_key", lambda: secrets.token_urlsafe(50))
)

# --- Sandlot's own -----------------------------------------------------------------------------------------------
# Everything made on the engine carries this label, so two dashboards can share one engine.
SANDLOT_INSTANCE = ENVIRONMENT.instance or kept_value(DATA_DIR / "instance", lambda: secrets.token_hex(4))
# Seal the secrets in the database; empty: `vault_keys` in the data folder.
SANDLOT_VAULT_KEYS = ENVIRONMENT.vault_keys.get_secret_value()
SANDLOT_ENGINE_URL = ENVIRONMENT.engine_url or os.environ.get("DOCKER_HOST", "") or "unix:///var/run/docker.sock"
SANDLOT_NETWORK_POOL = ENVIRONMENT.network_pool
SANDLOT_ORIGINS = ENVIRONMENT.allowed_origins()
SANDLOT_HOST = ENVIRONMENT.host
SANDLOT_PORT = ENVIRONMENT.port
SANDLOT_OWNER_EMAIL = ENVIRONMENT.owner_email
SANDLOT_OWNER_PASSWORD = ENVIRONMENT.owner_password.get_secret_value() if ENVIRONMENT.owner_password else ""

# --- Django ------------------------------------------------------------------------------------------------------
# Our own, those that import the others first. `tests/test_apps.py` holds what tools have to be told to this list.
APPS = ["config", "api", "sessions", "sandboxes", "accounts", "activity"]
INSTALLED_APPS = [
    *APPS,
    "config.admin_app.SandlotAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.errors.RefusedMiddleware",
    "activity.middleware.ActivityMiddleware",
    "api.middleware.ApiMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SealedMiddleware",
    "config.errors.WrongMethodMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
# Widgets come from templates/ where one is there.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "sandboxes.context.chrome",
            ],
        },
    }
]
DATABASES = {"default": database(ENVIRONMENT.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [ENVIRONMENT.redis_url]}}
        if ENVIRONMENT.redis_url
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [ROOT / "static" / "public", ROOT / "static" / "dist"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Who may come in ---------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "sandboxes:list"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Nobody signs up by themselves; an invitation link proves the address as far as the inviter trusts it.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
MFA_ADAPTER = "accounts.adapter.SealedSecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Sandlot"
# No mail is sent, so no address is ever verified by one.
MFA_ALLOW_UNVERIFIED_EMAIL = True

# --- What leaves the server --------------------------------------------------------------------------------------
HTTPS = SANDLOT_ORIGINS[0].startswith("https://")
# The dashboard answers only under the names in its origins: anything else is another site.
ALLOWED_HOSTS = sorted({urlsplit(origin).hostname or "" for origin in SANDLOT_ORIGINS})
CSRF_TRUSTED_ORIGINS = SANDLOT_ORIGINS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# Without a domain and, over HTTPS, with the __Host- prefix: no neighbour host can plant or read them.
SESSION_COOKIE_NAME = "__Host-sandlot_login" if HTTPS else "sandlot_login"
CSRF_COOKIE_NAME = "__Host-sandlot_csrf" if HTTPS else "sandlot_csrf"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Of this host only: its domain and the names below it are the operator's, who may serve some of them without TLS.
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_HSTS_PRELOAD = False
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *(origin.replace("http", "ws", 1) for origin in SANDLOT_ORIGINS)],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# A session may have 1,000 variables, and each is three fields of its form.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {name: {"level": ENVIRONMENT.log_level} for name in (*APPS, "engine")},
}
