-- What a superuser puts into a throw-away database before a slot is made: every catalog change leaves
-- a row with the name of the session that made it, in the transaction that made it. Logical decoding
-- shows no catalog changes, and what runs outside a guarded transaction (CREATE INDEX CONCURRENTLY)
-- carries no message; its last transaction, which makes the index valid, carries this row.
CREATE SCHEMA commit_order;
CREATE TABLE commit_order.ddl (application text, tag text);
CREATE FUNCTION commit_order.record() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO commit_order.ddl (application, tag)
    VALUES (current_setting('application_name'), tg_event || ' ' || tg_tag);
END $$;
CREATE EVENT TRIGGER commit_order_ddl ON ddl_command_end EXECUTE FUNCTION commit_order.record();
CREATE EVENT TRIGGER commit_order_drop ON sql_drop EXECUTE FUNCTION commit_order.record();
