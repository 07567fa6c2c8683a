from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/login", views.SignIn.as_view()),
    path("auth/refresh", views.Refresh.as_view()),
    path("auth/logout", views.SignOut.as_view()),
    path("auth/me", views.Me.as_view()),
    path("auth/register", views.Register.as_view()),
]
