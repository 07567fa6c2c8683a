"""`/api/v1/audit…`: the sealed journal as others can check it, without trusting us."""

import base64

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from areamedica.api.schema import refuses
from areamedica.api.views import Api, needs
from areamedica.permissions import Permission
from audit import proofs, publishing, tiles
from audit.errors import NotSealed, Pruned, RecordNotFound

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


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
