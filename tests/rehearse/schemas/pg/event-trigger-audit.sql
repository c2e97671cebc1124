-- expect: moved
-- login: superuser
-- An event trigger that writes each DDL into a table; the move's own statements must not.
CREATE TABLE ddl_log (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), tag text, who text DEFAULT session_user); CREATE TABLE things (id bigserial PRIMARY KEY, name text);
CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ddl_log (tag) VALUES (tg_tag); END $$;
INSERT INTO things (name) SELECT 'n' || n FROM generate_series(1, 50) n; CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION note_ddl(); CREATE INDEX things_name ON things (name);
