-- expect: moved
-- login: superuser
-- An event trigger that lets nobody change the schema, and one that is disabled.
CREATE TABLE things (id bigserial PRIMARY KEY, name text); INSERT INTO things (name) SELECT 'n' || n FROM generate_series(1, 50) n;
CREATE FUNCTION frozen() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF tg_tag LIKE '%TABLE' THEN RAISE EXCEPTION 'the schema is frozen'; END IF; END $$;
CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER quiet ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION nothing(); ALTER EVENT TRIGGER quiet DISABLE;
COMMENT ON EVENT TRIGGER quiet IS 'off since May';
CREATE EVENT TRIGGER frozen ON ddl_command_start EXECUTE FUNCTION frozen();
