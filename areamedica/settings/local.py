"""A developer's machine and the demo: plain HTTP on loopback."""

from areamedica.settings.base import *  # noqa: F403 (settings are layered by import)

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Static files straight from the apps: no collectstatic step before the first page.
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None
