"""`manage.py seed_demo`: a small believable clinic for the demo. Harmless to repeat."""

import os
from datetime import datetime, timedelta
from random import Random

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import SYSTEM_ID, Role, User
from areamedica.clock import caracas_day
from audit.actions import Action
from audit.services import record
from banking.gateways.base import Patience
from ledger.services.proof import prove
from transactions.demo.clinic import PEOPLE, visits
from transactions.demo.past import live_through
from transactions.demo.year import live_a_year
from transactions.models import Inquiry, Transaction
from transactions.services.submit import submit
from transactions.services.verify import ask_bank
from transactions.states import Reason, State

_OF_TODAY = 40
_OF_THE_PAST = 180


class Command(BaseCommand):
    help = "Fill an empty database with staff, transactions and a bank's movements."

    def handle(self, *args: object, **options: object) -> None:
        password = os.environ.get("DEMO_PASSWORD", "")
        if settings.ENVIRONMENT == "production" or not password:
            raise CommandError("Only for a demo, with DEMO_PASSWORD set.")
        staff = self._staff(password)
        if Transaction.objects.exists():
            self.stdout.write("The clinic is there already.")
            return
        now, dice = timezone.now(), Random(2026)
        cashiers = [staff["cashier"], staff["cashier2"]]
        live_a_year(bookkeeper=staff["bookkeeper"], now=now)
        self._past(staff, cashiers, now=now, dice=dice)
        self._today(cashiers, now=now, dice=dice)
        prove()
        self.stdout.write(f"{Transaction.objects.count()} transactions.")

    @atomic
    def _staff(self, password: str) -> dict[str, User]:
        made = {}
        for name, full_name, role in PEOPLE:
            email = f"{name}@demo.areamedica.test"
            user = User.objects.filter(email=email).first()
            if user is None:
                user = User.objects.create_user(
                    email=email,
                    password=password,
                    full_name=full_name,
                    role=Role.objects.get(name=role),
                    is_verified=True,
                    is_superuser=role == "admin",
                )
                self._tell(Action.USER_CREATED, user, role=role)
            elif not user.check_password(password):
                user.set_password(password)
                user.save(update_fields=["password", "updated_at"])
                self._tell(Action.PASSWORD_CHANGED, user)
            made[name] = user
        return made

    def _tell(self, action: Action, user: User, **facts: object) -> None:
        about = ("user", user.pk)
        record(action, actor_id=SYSTEM_ID, subject=about, facts=facts)

    @atomic
    def _past(
        self,
        staff: dict[str, User],
        cashiers: list[User],
        *,
        now: datetime,
        dice: Random,
    ) -> None:
        for number, visit in enumerate(visits(_OF_THE_PAST, dice)):
            days = 0.04 + 12 * (_OF_THE_PAST - number) / _OF_THE_PAST
            at = now - timedelta(days=days, minutes=dice.randint(0, 20))
            live_through(
                visit,
                author=dice.choice(cashiers),
                reviewer=dice.choice([staff["reviewer"], staff["reviewer2"]]),
                at=at,
                now=now,
                dice=dice,
            )

    def _today(self, cashiers: list[User], *, now: datetime, dice: Random) -> None:
        """Through the real door: recorded, asked at the bank, settled."""
        today = caracas_day(now)
        movements = []
        asked = []
        for visit in visits(_OF_TODAY, dice, first=_OF_THE_PAST):
            made = submit(
                author=dice.choice(cashiers), claim=visit.claim(today), now=now
            )
            movements += visit.movements(today)
            asked.append(made.transaction.pk)
        self._tell_the_bank(movements)
        for pk in asked:
            ask_bank(transaction_id=pk, patience=Patience.WORKER, is_urgent=True)
        self._some_unknown(now)

    def _tell_the_bank(self, movements: list[dict[str, object]]) -> None:
        sandbox = os.environ.get("SANDBOX_URL", "")
        if sandbox:
            answer = requests.post(
                f"{sandbox}/sandbox/movements", json=movements, timeout=10
            )
            answer.raise_for_status()

    @atomic
    def _some_unknown(self, now: datetime) -> None:
        """Three the bank was silent about while it was down this morning."""
        waiting = Inquiry.objects.filter(transaction__status=State.IN_PROGRESS)
        for inquiry in waiting.select_related("transaction").order_by("pk")[:3]:
            inquiry.transaction.step(
                State.UNKNOWN,
                reason=Reason.BANK_UNREACHABLE,
                actor_id=SYSTEM_ID,
            )
            # Asked at once they would all be known again before anybody looked.
            Inquiry.objects.filter(pk=inquiry.pk).update(
                due_at=now + timedelta(hours=12)
            )
