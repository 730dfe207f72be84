-- Run as superuser (or as the administrator of a managed server) in central's database.

DO $$
BEGIN
    -- Roles belong to the whole server: another database of it may have made them, even just now.
    BEGIN
        CREATE ROLE central_owner LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        CREATE ROLE central_service LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    -- As a member the owner sees what sessions of the service do and may end them.
    IF NOT pg_has_role('central_owner', 'central_service', 'MEMBER') THEN
        BEGIN
            GRANT central_service TO central_owner;
        EXCEPTION WHEN unique_violation OR object_in_use OR internal_error THEN NULL;
        END;
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO central_owner', current_database());
    -- Here and not in a SET of each session, which would leak through a pooler.
    EXECUTE format(
        'ALTER ROLE central_service IN DATABASE %I SET statement_timeout = %L',
        current_database(), '20s'
    );
END
$$;

ALTER SCHEMA public OWNER TO central_owner;
GRANT USAGE ON SCHEMA public TO central_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO central_service;

-- Tables that the owner makes later are the service's to use as well.
ALTER DEFAULT PRIVILEGES FOR ROLE central_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO central_service;
ALTER DEFAULT PRIVILEGES FOR ROLE central_owner IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO central_service;
