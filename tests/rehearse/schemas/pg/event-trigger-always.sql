-- refused: ever
-- refused: ALTER EVENT TRIGGER
-- login: superuser
-- An event trigger that fires in every session, those of the move too.
CREATE TABLE things (id bigserial PRIMARY KEY, name text); CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER ever ON ddl_command_end EXECUTE FUNCTION nothing(); ALTER EVENT TRIGGER ever ENABLE ALWAYS;
