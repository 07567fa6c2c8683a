from django.db import migrations

SQL = """
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE
    ON transactions_transactionevent
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON transactions_transactionevent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE transactions_transactionevent ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE transactions_transactionevent ENABLE ALWAYS TRIGGER append_only_table;
"""
UNDO = """
DROP TRIGGER append_only_rows ON transactions_transactionevent;
DROP TRIGGER append_only_table ON transactions_transactionevent;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("transactions", "0001_initial"),
        ("audit", "0002_append_only"),
    ]

    operations = [migrations.RunSQL(SQL, UNDO)]
