"""The yardstick for creating: the least that Django and DRF can do to insert a row."""
