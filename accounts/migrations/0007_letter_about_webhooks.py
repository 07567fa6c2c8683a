from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_bookkeeper"),
    ]

    operations = [
        migrations.AlterField(
            model_name="letter",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reset", "Set a new password"),
                    ("verify", "Confirm your e-mail"),
                    ("password_changed", "Your password was changed"),
                    ("token_reused", "A sign-in of yours was ended"),
                    ("webhook_disabled", "A webhook was disabled"),
                ],
                max_length=32,
            ),
        ),
    ]
