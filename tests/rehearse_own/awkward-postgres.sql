-- Tables that are hard to move, one concern each.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE SCHEMA "Back Office";

CREATE TYPE mood AS ENUM ('sad', 'it''s ok', '😀');
CREATE TYPE address AS (street text, number int);
CREATE DOMAIN positive AS numeric(12, 2) CHECK (VALUE > 0);

CREATE TABLE tenants (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name citext NOT NULL UNIQUE);

-- Composite keys that share a column.
CREATE TABLE people (
  tenant uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  id bigint GENERATED ALWAYS AS IDENTITY,
  boss bigint,
  mood mood DEFAULT 'sad',
  email text NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, boss) REFERENCES people (tenant, id) ON DELETE SET NULL (boss)
);
CREATE UNIQUE INDEX people_email ON people (lower(email));

CREATE TABLE numbers (
  id bigserial PRIMARY KEY, f4 real, f8 double precision, n numeric, n102 numeric(10, 2), price positive, cash money,
  small smallint CHECK (small BETWEEN -5 AND 500), doubled numeric GENERATED ALWAYS AS (n102 * 2) STORED
);
CREATE TABLE texts (id serial PRIMARY KEY, body text, short varchar(12), fixed char(5), one "char", code text CHECK (code IN ('new', 'sent', 'it''s')));
CREATE TABLE times (id serial PRIMARY KEY, d date, t time, tz timetz, ts timestamp, tstz timestamptz, i interval);
CREATE TABLE ranges (id serial PRIMARY KEY, i int4range, n numrange, ts tsrange, d datemultirange);
CREATE TABLE lists (id serial PRIMARY KEY, ints int[], words text[] NOT NULL DEFAULT '{}', moods mood[], homes address[], home address);
CREATE TABLE documents (id serial PRIMARY KEY, j json, jb jsonb NOT NULL, x xml, h hstore, raw bytea, flags bit(9), bits varbit, net inet, words tsvector);

CREATE TABLE events (at date NOT NULL, id int NOT NULL, note text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01') PARTITION BY LIST (id);
CREATE TABLE events_2027_few PARTITION OF events_2027 FOR VALUES IN (1, 2, 3);
CREATE TABLE events_2027_rest PARTITION OF events_2027 DEFAULT;

CREATE TABLE bookings (room int NOT NULL, during tsrange NOT NULL, id serial PRIMARY KEY, EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE TABLE readings (sensor int, value real);
ALTER TABLE readings REPLICA IDENTITY FULL;

-- A trigger's own table, and a cycle of references.
CREATE TABLE audit (id bigserial PRIMARY KEY, what text NOT NULL);
CREATE TABLE "Back Office"."Weird ""Name""" ("Key %" text PRIMARY KEY, "ünïcode" text, friend text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit (what) VALUES (TG_OP); RETURN NULL; END $$;
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON texts FOR EACH ROW EXECUTE FUNCTION note();
CREATE VIEW moods AS SELECT mood, count(*) FROM people GROUP BY mood;
COMMENT ON TABLE numbers IS 'it''s all numbers';
