from django.urls import path

from notifications.api import views

urlpatterns = [
    path("webhooks", views.Webhooks.as_view()),
    path("webhooks/<str:id>", views.OneWebhook.as_view()),
    path("webhooks/<str:id>/rotate-secret", views.Rotate.as_view()),
    path("webhooks/<str:id>/test", views.SendTest.as_view()),
    path("webhooks/<str:id>/replay", views.ReplayAll.as_view()),
    path("webhooks/<str:id>/deliveries", views.Deliveries.as_view()),
    path(
        "webhooks/<str:id>/deliveries/<str:delivery_id>/replay",
        views.ReplayOne.as_view(),
    ),
]
