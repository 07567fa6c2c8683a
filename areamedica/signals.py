"""News that a lower room wants to hear from the modules everybody shares."""

from django.dispatch import Signal

# Sent with `actor_id` (UUID or None), `route` and `facts` once a refusal is final and
# whatever it interrupted has been rolled back.
access_refused = Signal()

# Sent with DRF's `request` once it is known who asks and that he may.
access_granted = Signal()
