-- Who may add a closing does not say where a month ends, or nothing might ever be booked
-- again; nor closes more ahead than the month that runs, which people can still reopen.
-- That it is over already is judged where the clock is handed in.
ALTER TABLE ledger_closing
    ADD CONSTRAINT closing_until_the_month_ends CHECK (
        until = CASE WHEN kind = 'reopened' THEN month - 1
                     ELSE (month + interval '1 month')::date - 1 END),
    ADD CONSTRAINT closing_within_reach CHECK (
        month >= '2000-01-01'
        AND until <= (at AT TIME ZONE 'America/Caracas')::date + 31);
