"""`/api/v1/audit…`: the sealed journal as others can check it, without trusting us."""

import base64
from typing import cast
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from areamedica.api.fields import DayField
from areamedica.api.schema import refuses
from areamedica.api.views import Api, needs
from areamedica.permissions import Permission
from audit.api.serializers import ComplianceOut, PeriodQuery
from audit.errors import NotSealed, PeriodTooLong, Pruned, RecordNotFound
from audit.evidence.exports import export_evidence, export_period
from audit.law import compliance
from audit.seal import proofs, publishing, tiles

_PLAIN = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


class OfTheJournal(Api):
    permission_classes = (needs(Permission.AUDIT_READ),)


class CheckpointQuery(serializers.Serializer):
    newest = serializers.BooleanField(
        default=False,
        help_text="The newest of all, also while its witnesses have not cosigned it.",
    )


class CheckpointNow(OfTheJournal):
    @refuses(NotSealed)
    @extend_schema(
        operation_id="audit_checkpoint",
        parameters=[CheckpointQuery],
        responses={(200, "text/plain"): str},
    )
    def get(self, request: Request) -> HttpResponse:
        """The newest checkpoint that its witnesses cosigned, a signed note.

        (c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.)
        """
        query = CheckpointQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data["newest"]
        found = publishing.newest_of_all() if wanted else publishing.newest()
        return HttpResponse(found.note, content_type=_PLAIN)


class TileOfTheTree(OfTheJournal):
    lookup_says = (
        "`<level>/<number>[.p/<width>]`, or `entries/…` for the sealed bytes, as in "
        "c2sp.org/tlog-tiles"
    )

    @refuses(NotSealed, Pruned)
    @extend_schema(operation_id="audit_tile", responses={(200, _BYTES): bytes})
    def get(self, request: Request, tile: str) -> HttpResponse:
        """256 hashes of one level, fewer at the edge, or the entries below them."""
        return HttpResponse(tiles.read(tile), content_type=_BYTES)


class ProofOfRecord(OfTheJournal):
    lookup_says = "the record's number"

    @refuses(RecordNotFound, NotSealed)
    @extend_schema(operation_id="audit_proof", responses={(200, "text/plain"): str})
    def get(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """That a record is in the journal: c2sp.org/tlog-proof, its bytes as extra."""
        return HttpResponse(proofs.of_record(id), content_type=_PLAIN)


class SizesQuery(serializers.Serializer):
    """`from` is a word of Python's: that field is added by its name."""

    to = serializers.IntegerField(
        min_value=1,
        max_value=2**53,
        required=False,
        help_text="The newer size; the newest checkpoint's when left out.",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        older = serializers.IntegerField(
            min_value=1, max_value=2**53, help_text="The older size, from 1."
        )
        return {"from": older, **super().get_fields()}


class ConsistencyOut(serializers.Serializer):
    size = serializers.IntegerField(help_text="the newer size")
    old_root = serializers.CharField(help_text="root of the older tree, base64")
    new_root = serializers.CharField(help_text="root of the newer tree, base64")
    hashes = serializers.ListField(
        child=serializers.CharField(), help_text="the proof of RFC 9162, 2.1.4, base64"
    )


class Consistency(OfTheJournal):
    @refuses(NotSealed)
    @extend_schema(
        operation_id="audit_consistency",
        parameters=[SizesQuery],
        responses=ConsistencyOut,
    )
    def get(self, request: Request) -> Response:
        """That the newer journal begins with all of the older one, unchanged."""
        query = SizesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        sizes = query.validated_data
        shown = proofs.of_consistency(old=sizes["from"], new=sizes.get("to"))
        return Response(
            {
                "size": shown.size,
                "old_root": _b64(shown.old_root),
                "new_root": _b64(shown.new_root),
                "hashes": [_b64(each) for each in shown.hashes],
            }
        )


class EvidenceQuery(serializers.Serializer):
    """One subject, or all of some days; `from` is a word of Python's."""

    subject = serializers.CharField(
        max_length=64, required=False, help_text="the number of a payment, a user, …"
    )
    to = DayField(
        required=False,
        help_text="The last Caracas day of a period.",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        first = DayField(
            required=False,
            help_text="The first Caracas day of a period.",
        )
        return {"from": first, **super().get_fields()}

    def validate(self, given: dict[str, object]) -> dict[str, object]:
        if set(given) not in ({"subject"}, {"from", "to"}):
            raise serializers.ValidationError(
                {"subject": _("Name either a subject, or the first and the last day.")}
            )
        return given


class Evidence(OfTheJournal):
    @refuses(RecordNotFound, NotSealed, PeriodTooLong, Pruned)
    @extend_schema(
        operation_id="audit_evidence",
        parameters=[EvidenceQuery],
        responses={(200, "application/zip"): bytes},
    )
    def get(self, request: Request) -> HttpResponse:
        """A zip with records, proofs, a story to read and a program that checks them.

        Taking it is journaled.
        """
        query = EvidenceQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked, actor = query.validated_data, cast(UUID, request.user.pk)
        if "subject" in asked:
            packed = export_evidence(subject_id=asked["subject"], actor_id=actor)
        else:
            packed = export_period(
                first=asked["from"], last=asked["to"], actor_id=actor
            )
        return HttpResponse(packed, content_type="application/zip")


class Compliance(OfTheJournal):
    @refuses(NotSealed)
    @extend_schema(
        operation_id="audit_compliance",
        parameters=[PeriodQuery],
        responses=ComplianceOut,
    )
    def get(self, request: Request) -> Response:
        """What the sealed, verified records of a period say: SOX, PCI DSS, GDPR."""
        query = PeriodQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        return Response(compliance.report(**query.validated_data).as_dict())


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
