"""Facts and allocations are only ever added: triggers on both engines, and on PostgreSQL a role that can do no more.

The one exception is a body redacted by law: a fact ``redacted`` names the sequence number first, and then the text of
that fact, and nothing else, may be set to NULL.
"""

from __future__ import annotations

from alembic import op

from trialwright.conduct.migrations.grants import create_writer, grant

revision = "0002"
down_revision = "0001"

KEPT = (
    "seq", "at", "author", "role", "key", "part", "request", "kind", "site", "subject", "salt", "digest", "previous",
    "hash",
)  # fmt: skip
REDACTED = "OLD.text IS NOT NULL AND NEW.text IS NULL AND OLD.kind NOT IN ('redacted', 'allocated')"


def upgrade() -> None:
    """Create the triggers and the role."""
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def downgrade() -> None:
    """Refuse: the log stays protected."""
    raise RuntimeError("the log stays append-only")


def _sqlite() -> None:
    same = " AND ".join(f"OLD.{name} IS NEW.{name}" for name in KEPT)
    named = "SELECT 1 FROM facts WHERE kind = 'redacted' AND json_extract(text, '$.seq') = OLD.seq"
    _refuse("facts", "UPDATE", f"WHEN NOT ({REDACTED} AND {same} AND EXISTS ({named}))")
    _refuse("facts", "DELETE")
    _refuse("allocations", "UPDATE")
    _refuse("allocations", "DELETE")
    # INSERT OR REPLACE takes rows away without a DELETE trigger, so that what is there already is refused here.
    follows = "NEW.seq = 1 + coalesce((SELECT max(seq) FROM facts), 0)"
    linked = f"NEW.previous = coalesce((SELECT hash FROM facts ORDER BY seq DESC LIMIT 1), '{'0' * 64}')"
    taken = "SELECT 1 FROM facts WHERE hash = NEW.hash OR (key = NEW.key AND part = NEW.part)"
    _refuse("facts", "INSERT", f"WHEN NOT ({follows} AND {linked}) OR EXISTS ({taken})", "facts follow one another")
    used = (
        "SELECT 1 FROM allocations WHERE seq = NEW.seq OR subject = NEW.subject"
        " OR (list = NEW.list AND stratum = NEW.stratum AND position = NEW.position)"
    )
    _refuse("allocations", "INSERT", f"WHEN EXISTS ({used})", "UNIQUE: a place or a subject is used once")


def _refuse(table: str, verb: str, when: str = "", why: str = "is append-only") -> None:
    text = f"{table}: {why}; {verb} refused"
    op.execute(
        f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{text}'); END"
    )


def _postgresql() -> None:
    op.execute(f"""
        CREATE FUNCTION trialwright_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'facts' THEN
            IF {REDACTED} AND to_jsonb(OLD) - 'text' = to_jsonb(NEW) - 'text' AND EXISTS (
              SELECT FROM facts f WHERE f.kind = 'redacted' AND (f.text::json ->> 'seq')::bigint = OLD.seq
            ) THEN
              RETURN NEW;
            END IF;
          END IF;
          RAISE EXCEPTION '%: is append-only; % refused', TG_TABLE_NAME, TG_OP;
        END $$
    """)
    op.execute(f"""
        CREATE FUNCTION trialwright_follow() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE last record;
        BEGIN
          SELECT seq, hash INTO last FROM facts ORDER BY seq DESC LIMIT 1;
          IF NEW.seq <> coalesce(last.seq, 0) + 1 OR NEW.previous <> coalesce(last.hash, '{"0" * 64}') THEN
            RAISE EXCEPTION 'facts: facts follow one another; INSERT refused';
          END IF;
          RETURN NEW;
        END $$
    """)
    for table in ("facts", "allocations"):
        op.execute(
            f"CREATE TRIGGER {table}_row BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trialwright_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION trialwright_append_only()"
        )
    op.execute("CREATE TRIGGER facts_insert BEFORE INSERT ON facts FOR EACH ROW EXECUTE FUNCTION trialwright_follow()")
    create_writer()
    grant("SELECT, INSERT, UPDATE (text)", "facts")
    grant("SELECT, INSERT", "allocations")
    grant("SELECT", "alembic_version")
