"""PostgreSQL as Django and django-prometheus have it, asked a little less."""
