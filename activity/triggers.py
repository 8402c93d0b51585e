"""The database's own refusal to change what is recorded: holds for SQL by hand, too.

Migration 0002 creates these: a change here needs a migration of its own.
"""

from __future__ import annotations

# (name, event, table, condition under which the event is refused)
RULES = (
    ("entry_stays_as_it_is", "UPDATE", "activity_entry", "1 = 1"),
    ("entry_stays", "DELETE", "activity_entry", "1 = 1"),
    ("head_goes_on", "UPDATE", "activity_head", "NEW.id <> OLD.id OR NEW.count <> OLD.count + 1"),
    ("head_stays", "DELETE", "activity_head", "1 = 1"),
)
TABLES = ("activity_entry", "activity_head")
REFUSAL = "what is recorded is neither changed nor removed"


def create_in_sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for name, event, table, condition in RULES
    ]


def drop_in_sqlite() -> list[str]:
    return [f"DROP TRIGGER {name}" for name, *_ in RULES]


def create_in_postgresql() -> list[str]:
    function = (
        "CREATE FUNCTION activity_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    rows = [
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) "
        "EXECUTE FUNCTION activity_refuse()"
        for name, event, table, condition in RULES
    ]
    tables = [
        f"CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table} EXECUTE FUNCTION activity_refuse()"
        for table in TABLES
    ]
    return [function, *rows, *tables]


def drop_in_postgresql() -> list[str]:
    rows = [f"DROP TRIGGER {name} ON {table}" for name, _, table, _ in RULES]
    tables = [f"DROP TRIGGER {table}_is_not_emptied ON {table}" for table in TABLES]
    return [*rows, *tables, "DROP FUNCTION activity_refuse()"]


# Database vendor -> statements.
CREATE = {"sqlite": create_in_sqlite(), "postgresql": create_in_postgresql()}
DROP = {"sqlite": drop_in_sqlite(), "postgresql": drop_in_postgresql()}
