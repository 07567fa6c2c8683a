"""The statements of every question: each decides a race in one step and one trip."""

READ_CIRCUIT = """
SELECT failures, retry_at, statement_timestamp(), (
    SELECT shape FROM banking_bankquestion
    WHERE bank = %(bank)s AND modality = %(modality)s AND outcome = 'FOUND'
    ORDER BY asked_at DESC
    LIMIT 1
)
FROM banking_circuit
WHERE bank = %(bank)s
"""

# `asked_at` holds the last `limit` moments at most, the oldest first. Judged is the
# one that would make `limit` + 1 in the window. The clock is read after the row is
# locked, so moments stand in order even for those who waited for it. What is not
# allowed is not written down.
COUNT_AND_WRITE_DOWN = """
WITH spent AS (
    INSERT INTO banking_askbudget AS budget (subject, asked_at)
    VALUES (%(subject)s, ARRAY[clock_timestamp()])
    ON CONFLICT (subject) DO UPDATE
    SET asked_at = (budget.asked_at || clock_timestamp())
                   [cardinality(budget.asked_at) + 2 - %(limit)s:]
    WHERE cardinality(budget.asked_at) < %(limit)s
       OR budget.asked_at[cardinality(budget.asked_at) + 1 - %(limit)s]
          NOT BETWEEN clock_timestamp() - %(window)s * interval '1s'
                  AND clock_timestamp() + %(window)s * interval '1s'
    RETURNING asked_at[cardinality(asked_at)] AS asked_at
)
INSERT INTO banking_bankquestion (
    id, subject, bank, modality, shape, patience, request, asked_at,
    code, outcome, answer
)
SELECT %(id)s, %(subject)s, %(bank)s, %(modality)s, %(shape)s, %(patience)s,
       %(request)s::jsonb, spent.asked_at, '', 'ASKED', ''
FROM spent
RETURNING true
"""

COMPLETE = """
UPDATE banking_bankquestion
SET outcome = %(outcome)s, code = %(code)s, http_status = %(http_status)s,
    answer = %(answer)s, latency_ms = %(latency_ms)s,
    finished_at = statement_timestamp()
WHERE id = %(id)s
"""

NEXT_ALLOWED = """
SELECT asked_at[cardinality(asked_at) + 1 - %(limit)s] + %(window)s * interval '1s'
FROM banking_askbudget
WHERE subject = %(subject)s
  AND asked_at[cardinality(asked_at) + 1 - %(limit)s]
      BETWEEN clock_timestamp() - %(window)s * interval '1s'
          AND clock_timestamp() + %(window)s * interval '1s'
"""

FORGET_IDLE = """
DELETE FROM banking_askbudget
WHERE asked_at[cardinality(asked_at)] < clock_timestamp() - interval '1 hour'
"""

TAKE_SLOT = """
UPDATE banking_slot
SET holder = %(holder)s,
    leased_until = statement_timestamp() + %(lease)s * interval '1s'
WHERE id = (
    SELECT id FROM banking_slot
    WHERE bank = %(bank)s AND number <= %(most)s
      AND (leased_until IS NULL OR leased_until <= statement_timestamp())
    ORDER BY number
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id
"""

GIVE_SLOT_BACK = """
UPDATE banking_slot SET holder = NULL, leased_until = NULL
WHERE id = %(slot)s AND holder = %(holder)s
"""
