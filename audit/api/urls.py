from django.urls import path

from audit.api import views

urlpatterns = [
    path("audit/checkpoint", views.CheckpointNow.as_view()),
    path("audit/tile/<path:tile>", views.TileOfTheTree.as_view()),
    path("audit/events/<str:id>/proof", views.ProofOfRecord.as_view()),
    path("audit/evidence", views.Evidence.as_view()),
    path("audit/reports/compliance", views.Compliance.as_view()),
    path("audit/consistency", views.Consistency.as_view()),
]
