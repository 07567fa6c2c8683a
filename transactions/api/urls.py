from rest_framework.routers import SimpleRouter

from transactions.api.views import TransactionViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("transactions", TransactionViewSet, basename="transaction")

urlpatterns = router.urls
