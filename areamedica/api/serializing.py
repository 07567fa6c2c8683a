"""Serializers whose fields are made once."""

from functools import cache, cached_property
from typing import Any

from rest_framework import serializers
from rest_framework.utils.serializer_helpers import BindingDict


# Shares its fields among all its instances.
#
# Django REST Framework copies or makes every field anew for each request, which took
# longer than everything else about an answer. The fields hang on an instance without
# data, so nothing of a request outlives it; they must not depend on `context`. No
# docstring: it would stand in the API's document below everything that is made of it.
class Ready(serializers.Serializer):
    @cached_property
    def fields(self) -> BindingDict:
        return _fields_of(type(self))


@cache
def _fields_of(kind: type[Ready]) -> BindingDict:
    made: Any = serializers.Serializer.fields
    fields: BindingDict = made.func(kind())
    return fields
