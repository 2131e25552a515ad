"""The two forms of a solution: what rules read out of its thread, and what a model reads out of it."""

from alembic import op

revision = "0012"
down_revision = "0011"

FIELDS = """
    -- Defaults of every row cost nothing to add; a program of before writes rows that rules read.
    ALTER TABLE solutions
        ADD COLUMN environment text[] NOT NULL DEFAULT '{}',
        ADD COLUMN pull_request text,  -- the link of the one its turn opened
        ADD COLUMN form text NOT NULL DEFAULT 'rules' CHECK (form IN ('rules', 'model'))
"""

SOLUTION_FORMS = """
    -- Both forms of each solution that a model has read too.
    CREATE TABLE solution_forms (
        solution_id     uuid NOT NULL REFERENCES solutions ON DELETE CASCADE,
        form            text NOT NULL CHECK (form IN ('rules', 'model')),
        model           text,
        version         integer NOT NULL CHECK (version > 0),  -- of the rules, or of what the model is asked
        source_hash     bytea NOT NULL,  -- of what it was read from; equal: it need not be read again
        fields          jsonb NOT NULL,
        made_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (solution_id, form),
        CHECK ((form = 'model') = (model IS NOT NULL))
    )
"""

WITHDRAW_FORMS = """
    -- What is withdrawn keeps no text here either, whichever program withdraws it.
    CREATE FUNCTION withdraw_forms() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM solution_forms WHERE solution_id = NEW.id;
        NEW.environment := '{}';
        NEW.pull_request := NULL;
        RETURN NEW;
    END
    $$
"""

SOLUTIONS_WITHDRAWN = """
    CREATE TRIGGER solutions_withdrawn BEFORE UPDATE ON solutions
    FOR EACH ROW WHEN (NEW.outcome = 'withdrawn') EXECUTE FUNCTION withdraw_forms()
"""


def upgrade() -> None:
    for statement in (FIELDS, SOLUTION_FORMS, WITHDRAW_FORMS, SOLUTIONS_WITHDRAWN):
        op.execute(statement)
