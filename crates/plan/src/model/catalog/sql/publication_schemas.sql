-- Schemas whose tables a publication has (PostgreSQL 15).
SELECT jsonb_build_object('publication', p.pubname, 'schema', n.nspname)::text
  FROM pg_publication_namespace s
  JOIN pg_publication p ON p.oid = s.pnpubid
  JOIN pg_namespace n ON n.oid = s.pnnspid
 ORDER BY p.pubname, n.nspname
