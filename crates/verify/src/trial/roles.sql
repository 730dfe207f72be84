-- Run as superuser in the trial's database. {owner} and {service} are quoted identifiers.
-- Roles belong to the whole server: another trial may have made them, even just now.
DO $$
BEGIN
    BEGIN
        CREATE ROLE {owner} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        CREATE ROLE {service} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        GRANT {service} TO {owner};
    EXCEPTION WHEN unique_violation OR object_in_use OR internal_error THEN NULL;
    END;
    EXECUTE format('ALTER DATABASE %I OWNER TO {owner}', current_database());
END $$;

ALTER SCHEMA public OWNER TO {owner};
GRANT USAGE ON SCHEMA public TO {service};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO {service};
