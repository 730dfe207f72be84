-- The roles of a report, and what a database needs for them: an owner that makes everything, and a
-- service that reads and writes and owns nothing.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app_owner') THEN
        CREATE ROLE app_owner LOGIN;
        CREATE ROLE app_svc LOGIN;
        GRANT app_svc TO app_owner;
    END IF;
END
$$;
ALTER DATABASE "{database}" OWNER TO app_owner;
ALTER SCHEMA public OWNER TO app_owner;
GRANT USAGE ON SCHEMA public TO app_svc;
-- Before PostgreSQL 15 everybody may create there.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app_svc;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT USAGE ON SEQUENCES TO app_svc;
