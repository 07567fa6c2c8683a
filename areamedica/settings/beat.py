"""When beat rings for what; hours are Caracas hours (`CELERY_TIMEZONE`).

No message expires: that is judged by the clock of whoever takes it, and a worker two
hours ahead would throw every one away. What comes late or twice does no harm.
"""

from datetime import timedelta

from celery.schedules import crontab

from areamedica.settings import env

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

# Task -> how often, or at which hour of the clock.
_RINGS = {
    "accounts.forget_expired": 6 * HOUR,
    "accounts.send_letters": 30 * SECOND,
    "audit.anchor": crontab(hour=23, minute=55),
    "audit.look": MINUTE,
    "audit.prune": crontab(hour=4, minute=20),
    "audit.publish": 10 * SECOND,
    "audit.replay": crontab(hour=4, minute=10),
    "audit.seal": env.number("SEAL_SECONDS", 1, least=1) * SECOND,
    "audit.verify_all": crontab(hour=3, minute=40),
    "audit.verify_the_end": crontab(minute=17),
    "banking.forget_idle_budgets": 6 * HOUR,
    "ledger.book_imports": 30 * SECOND,
    "ledger.expire_holds": MINUTE,
    # While nobody works, so that it has the machine to itself.
    "ledger.prove": crontab(hour=3, minute=30),
    "notifications.forget_old": 6 * HOUR,
    "notifications.read_journal": SECOND,
    "notifications.send": 5 * SECOND,
    "transactions.sweep": env.number("SWEEP_SECONDS", 5, least=1) * SECOND,
}
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": schedule} for task, schedule in _RINGS.items()
}
