"""The first table, and a first entry that shows that the migration ran."""

from django.db import migrations, models


def first_entry(apps, schema_editor):
    apps.get_model("guestbook", "Entry").objects.create(text="The migration ran when the package was installed.")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=200)),
                ("written", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.RunPython(first_entry, migrations.RunPython.noop),
    ]
