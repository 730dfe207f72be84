-- For each function name the most volatile of its overloads.
SELECT jsonb_build_object('name', proname, 'volatility', (ARRAY['immutable', 'stable', 'volatile'])[
         max(CASE provolatile WHEN 'i' THEN 1 WHEN 's' THEN 2 ELSE 3 END)])::text
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE p.prokind IN ('f', 'w') AND n.nspname NOT IN ('changeover', 'information_schema')
 GROUP BY proname
