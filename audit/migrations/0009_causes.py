from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0008_looks"),
    ]

    operations = [
        migrations.AddField(
            model_name="record",
            name="on_behalf_of",
            field=models.UUIDField(
                editable=False, null=True, verbose_name="on behalf of"
            ),
        ),
        migrations.AddField(
            model_name="record",
            name="caused_by",
            field=models.BigIntegerField(
                editable=False, null=True, verbose_name="caused by"
            ),
        ),
    ]
