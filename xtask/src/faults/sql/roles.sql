-- The role that owns and migrates (no superuser, law 8), and one that only takes connections.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop_owner') THEN
        CREATE ROLE shop_owner LOGIN;
        CREATE ROLE shop_crowd LOGIN;
    END IF;
END $$;
