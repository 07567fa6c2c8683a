"""Read JSON, check it, insert one row, answer with its id: no more than that."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.bare.models import BenchRow


class RowBody(serializers.Serializer):
    reference = serializers.CharField(max_length=20)
    full_name = serializers.CharField(max_length=255)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2)


class Rows(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)

    def post(self, request: Request) -> Response:
        body = RowBody(data=request.data)
        body.is_valid(raise_exception=True)
        row = BenchRow.objects.create(**body.validated_data)
        return Response({"id": row.pk, **body.data}, status=201)


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("bench/rows", Rows.as_view()), path("health/live", alive)]
