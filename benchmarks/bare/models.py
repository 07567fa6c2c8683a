from django.db import models


class BenchRow(models.Model):
    reference = models.CharField(max_length=20)
    full_name = models.CharField(max_length=255)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        db_table = "bench_row"
        managed = False

    def __str__(self) -> str:
        return self.reference
