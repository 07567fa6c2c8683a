"""The compliance report on paper, in the reader's language."""

from django.conf import settings
from django.utils.translation import gettext as _

from areamedica import paper
from areamedica.clock import CARACAS
from areamedica.paper import Grid, Heading, Part
from areamedica.templatetags.back_office import at
from audit.actions import Action
from audit.evidence.words import names_of
from audit.law.compliance import Change, Decision, Report

_MOST = 500


def pdf(made: Report) -> bytes:
    """On A4, with the tree's root on every page."""
    days = f"{made.first:%d/%m/%Y} – {made.last:%d/%m/%Y}"
    return paper.pdf(
        title=_("Compliance report, %(days)s") % {"days": days},
        parts=parts_of(made),
        foot=f"{settings.APP_NAME} · {made.size} · {made.tree_root}",
    )


def parts_of(made: Report) -> list[Part]:
    """Verdict first, then what it stands on, then each law's questions."""
    people = [each.decided_by for each in made.decisions]
    people += [each.recorded_by for each in made.decisions]
    people += [each.actor for each in (*made.rights, *made.configuration)]
    names = names_of(people)
    return [
        *_verdict(made),
        Heading(_("What this stands on")),
        Grid(_basis(made), (4, 10)),
        Heading(_("Who decided (SOX)")),
        *_decided(made, names),
        Heading(_("Rights given and taken")),
        *_changes(made.rights, names),
        Heading(_("Configuration changed")),
        *_changes(made.configuration, names),
        Heading(_("Cards and access (PCI DSS)")),
        Grid(_cards(made), (8, 4)),
        Heading(_("Personal data (GDPR)")),
        Grid(_privacy(made), (8, 4)),
    ]


def _verdict(made: Report) -> list[Part]:
    if made.is_clean:
        return [_("Nothing in this period needs an answer.")]
    told: list[Part] = [_("These need a person's answer:")]
    told += [f"· {finding}" for finding in made.findings]
    told += [
        f"· {each.transaction}: {', '.join(each.violations)}"
        for each in made.violations
    ]
    told += [
        _("· Numbers shaped like a card's in %(table)s, column %(column)s: %(rows)d.")
        % {"table": each.table, "column": each.column, "rows": each.rows}
        for each in made.card_suspects
    ]
    return told


def _basis(made: Report) -> list[list[object]]:
    return [
        [_("Sealed records"), made.size],
        [_("Root of the tree"), made.tree_root],
        [_("Key"), made.key],
        [_("Seen by a witness"), at(made.witnessed_at) if made.witnessed_at else "—"],
        [_("Verification"), _("everything agrees") if not made.findings else "!"],
        [_("Records of the period"), made.records],
        [_("Country of the data"), made.country],
    ]


def _decided(made: Report, names: dict[str, str]) -> list[Part]:
    summed = _("Decisions: %(decisions)d; against the rules: %(violations)d.") % {
        "decisions": len(made.decisions),
        "violations": len(made.violations),
    }
    head = [
        _("When"),
        _("Transaction"),
        _("Decision"),
        _("Decided by"),
        _("Recorded by"),
    ]
    rows = [_decision(each, names) for each in made.decisions[:_MOST]]
    return [summed, Grid([head, *rows], (4, 8, 3, 5, 5))] if rows else [summed]


def _decision(each: Decision, names: dict[str, str]) -> list[object]:
    return [
        f"{each.at.astimezone(CARACAS):%d/%m/%Y %H:%M}",
        each.transaction,
        _("approved") if each.decision == "APPROVED" else _("rejected"),
        names.get(each.decided_by, each.decided_by),
        names.get(each.recorded_by, each.recorded_by),
    ]


def _changes(changes: list[Change], names: dict[str, str]) -> list[Part]:
    if not changes:
        return [_("None.")]
    rows: list[list[object]] = [
        [
            f"{each.at.astimezone(CARACAS):%d/%m/%Y %H:%M}",
            Action(each.action).label,
            names.get(each.actor, each.actor),
            names.get(each.subject, each.subject),
        ]
        for each in changes[:_MOST]
    ]
    return [Grid([[_("When"), _("What"), _("Who"), _("Whom")], *rows], (4, 7, 5, 7))]


def _cards(made: Report) -> list[list[object]]:
    oldest = made.oldest_record
    return [
        [_("Columns with numbers shaped like a card's"), len(made.card_suspects)],
        [
            _("Oldest record at hand"),
            f"{oldest.astimezone(CARACAS):%d/%m/%Y}" if oldest else "—",
        ],
        [
            _("A year of the journal is at hand, or all of it"),
            _("yes") if made.log_is_kept_a_year else _("no"),
        ],
        *([Action(name).label, number] for name, number in made.failed_access.items()),
    ]


def _privacy(made: Report) -> list[list[object]]:
    done = [each.hours for each in made.erasures if each.hours is not None]
    return [
        [_("Times a person got what we hold"), made.handed_out],
        [_("Requests to be forgotten"), len(made.erasures)],
        [_("… carried out"), len(done)],
        [_("… longest, in hours"), max(done, default="—")],
    ]
