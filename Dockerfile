# syntax=docker/dockerfile:1
# One image for web, worker, beat and a witness: docker-compose.yml says which is which.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
WORKDIR /app
COPY requirements/production.txt requirements/
RUN /venv/bin/pip install --only-binary :all: --require-hashes \
        --requirement requirements/production.txt
COPY . .
# The settings want these; nothing is asked of them here, and nothing of them stays.
RUN DJANGO_SETTINGS_MODULE=areamedica.settings.production \
    SECRET_KEY=build JWT_SECRET=build ALLOWED_HOSTS=build \
    DATABASE_URL=postgres://build@127.0.0.1:9/build REDIS_URL=redis://127.0.0.1:9/0 \
    /venv/bin/python manage.py collectstatic --noinput \
    && /venv/bin/python -m compileall -q .

FROM python:3.11-slim
RUN groupadd --gid 10001 app \
    && useradd --uid 10001 --gid app --no-create-home --shell /usr/sbin/nologin app \
    && install --directory --owner app --group app --mode 0700 /witness /anchors
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=areamedica.settings.production
USER app
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=40s --retries=3 \
    CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "areamedica.wsgi", "--config", "deploy/gunicorn.py"]
