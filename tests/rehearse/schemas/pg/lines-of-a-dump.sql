-- expect: moved
-- after: SELECT length(script()) => 306
-- Bodies and rows that look like a dump's own lines.
CREATE TABLE notes (id bigserial PRIMARY KEY, body text); INSERT INTO notes (body) VALUES (E'\\.'), (E'a\n\\.\nb'), (E'COPY public.notes (id, body) FROM stdin;'), (E'\\N'), ('');
CREATE FUNCTION script() RETURNS text LANGUAGE sql AS $f$
SELECT $s$DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
COMMENT ON EXTENSION plpgsql IS 'x';
ALTER TABLE public.notes OWNER TO somebody;
SET default_transaction_read_only = off;
CREATE PUBLICATION scalectl;
CREATE EVENT TRIGGER x;
GRANT ALL ON SCHEMA public TO app;
\connect other
-- Name: scalectl; Type: SCHEMA$s$
$f$;
CREATE FUNCTION twice() RETURNS text LANGUAGE plpgsql AS $_$ BEGIN RETURN $$COMMENT ON EXTENSION x IS 'y';
CREATE SCHEMA public;$$; END $_$;
