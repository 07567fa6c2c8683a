from areamedica.urls import urlpatterns as ours
from benchmarks.bare.view import urlpatterns as bare

urlpatterns = [*ours, *bare]
