-- Whether the end of a Caracas day lies between a transfer's booking and its effect,
-- either first: then a balance by booking and one by effective date disagree on it.
-- Planned in place, so that the index below serves it.
CREATE OR REPLACE FUNCTION ledger_lies_between(effective date, at timestamptz, day date)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN effective <> (at AT TIME ZONE 'America/Caracas')::date
   AND daterange(least(effective, (at AT TIME ZONE 'America/Caracas')::date),
                 greatest(effective, (at AT TIME ZONE 'America/Caracas')::date)) @> day;
