"""The compliance report as the API writes it: kind areamedica/compliance-report/1."""

from typing import Any

from rest_framework import serializers

from areamedica.api.fields import DayField


class PeriodQuery(serializers.Serializer):
    first = DayField(help_text="the first Caracas day")
    last = DayField(help_text="the last one, included")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["first"] > attrs["last"]:
            raise serializers.ValidationError({"first": ["> last"]})
        return attrs


class DecisionOut(serializers.Serializer):
    at = serializers.DateTimeField()
    transaction = serializers.CharField()
    decision = serializers.CharField(help_text="APPROVED or REJECTED")
    decided_by = serializers.CharField()
    recorded_by = serializers.CharField()
    first_approver = serializers.CharField()
    violations = serializers.ListField(
        child=serializers.CharField(),
        help_text="own_claim, both_approvals, second_person_missing; expected: none",
    )


class ChangeOut(serializers.Serializer):
    at = serializers.DateTimeField()
    action = serializers.CharField()
    actor = serializers.CharField()
    subject = serializers.CharField()


class SuspectOut(serializers.Serializer):
    table = serializers.CharField()
    column = serializers.CharField()
    rows = serializers.IntegerField()


class ErasureOut(serializers.Serializer):
    asked_at = serializers.DateTimeField()
    request = serializers.CharField()
    hours = serializers.FloatField(allow_null=True, help_text="null: not done yet")


class ComplianceOut(serializers.Serializer):
    kind = serializers.CharField(help_text="areamedica/compliance-report/1")
    is_clean = serializers.BooleanField(help_text="nothing needs a person's answer")
    first = serializers.DateField()
    last = serializers.DateField()
    country = serializers.CharField(help_text="where the data stand, ISO 3166-1")
    size = serializers.IntegerField(help_text="sealed records")
    tree_root = serializers.CharField(help_text="of the tree, hexadecimal")
    key = serializers.CharField(help_text="vkey of the signature")
    witnessed_at = serializers.DateTimeField(
        allow_null=True, help_text="when a witness saw this head, by his clock"
    )
    findings = serializers.ListField(child=serializers.CharField())
    records = serializers.IntegerField(help_text="of the period")
    actions = serializers.DictField(child=serializers.IntegerField())
    decisions = DecisionOut(many=True)
    rights = ChangeOut(many=True)
    configuration = ChangeOut(many=True)
    failed_access = serializers.DictField(child=serializers.IntegerField())
    card_suspects = SuspectOut(many=True)
    oldest_record = serializers.DateTimeField(allow_null=True)
    log_is_kept_a_year = serializers.BooleanField()
    erasures = ErasureOut(many=True)
    handed_out = serializers.IntegerField()
