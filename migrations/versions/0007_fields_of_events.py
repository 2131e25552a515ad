"""Reading single fields of events in SQL, whatever a command printed or a model wrote beside them."""

from alembic import op

revision = "0007"
down_revision = "0006"

FIELDS_OF = r"""
    -- The payload with its escapes taken out: for a zero byte or half an emoji anywhere, json's own operators
    -- refuse the whole of it. Names, numbers and identifiers hold no escapes.
    CREATE FUNCTION fields_of(payload json) RETURNS json
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE
        WHEN strpos(CAST(payload AS text), '\u0000') + strpos(CAST(payload AS text), '\ud') = 0 THEN payload
        ELSE CAST(regexp_replace(CAST(payload AS text), '\\u[0-9a-f]{4}|\\.', '_', 'g') AS json) END
"""


def upgrade() -> None:
    op.execute(FIELDS_OF)
