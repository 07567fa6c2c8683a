from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts.api import mailbox, people, views

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("users", people.UserViewSet, basename="user")

urlpatterns = [
    path("auth/login", views.SignIn.as_view()),
    path("auth/second-step", views.SecondStep.as_view()),
    path("auth/refresh", views.Refresh.as_view()),
    path("auth/logout", views.SignOut.as_view()),
    path("auth/me", views.Me.as_view()),
    path("auth/register", views.Register.as_view()),
    path("auth/password-reset", mailbox.AskForPassword.as_view()),
    path("auth/password-reset/confirm", mailbox.ResetPassword.as_view()),
    path("auth/verify-email", mailbox.VerifyEmail.as_view()),
    path("auth/verify-email/resend", mailbox.AskForVerification.as_view()),
    path("profile", people.Profile.as_view()),
    path("profile/password", people.OwnPassword.as_view()),
    *router.urls,
]
