"""What beat asks of this room."""

from celery import shared_task

from banking import services


@shared_task(name="banking.forget_idle_budgets")
def forget_idle_budgets() -> None:
    """Keep the table of budgets as small as the last hour."""
    services.forget_idle_budgets()
