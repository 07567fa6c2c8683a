-- A share of the keys of partitioned books, where no index sees all of them: each must be
-- of one transfer and stand among the keys once.
SELECT 'key_not_once', key::text,
       concat(count(*) FILTER (WHERE one > 0), ' transfers, ',
              count(*) FILTER (WHERE one < 0), ' keys')
  FROM (SELECT key, 1 AS one FROM ledger_transfer
         UNION ALL SELECT key, -1 FROM ledger_key) AS keys
 WHERE %(parts)s = 1 OR abs(uuid_hash(key) %% %(parts)s) = %(part)s
 GROUP BY key HAVING sum(one) <> 0 OR count(*) <> 2
 ORDER BY 2 LIMIT 1000
