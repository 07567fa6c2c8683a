"""Production, with the bare view mounted beside our own addresses."""

from areamedica.settings.production import *  # noqa: F403 (settings are layered)
from areamedica.settings.production import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.bare"]
ROOT_URLCONF = "benchmarks.bare.mounted_urls"
