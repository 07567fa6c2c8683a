from django.apps import AppConfig


class AreaMedicaConfig(AppConfig):
    """The frame: makes our Celery application the one that `shared_task` binds to."""

    name = "areamedica"
    verbose_name = "Área Médica"

    def ready(self) -> None:
        from areamedica import celery  # noqa: F401, PLC0415 (needs the settings)
