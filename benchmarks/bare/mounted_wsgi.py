"""Our server and, at one more address of it, the bare view."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.bare.mounted"
application = get_wsgi_application()
