-- expect: moved
-- A default that takes numbers from a sequence that no column owns, and one that serves two tables.
CREATE SEQUENCE numbers START 1000;
CREATE TABLE letters (id bigint PRIMARY KEY DEFAULT nextval('numbers'), body text);
CREATE TABLE parcels (id bigint PRIMARY KEY DEFAULT nextval('numbers'), weight numeric);
INSERT INTO letters (body) SELECT 'l' || n FROM generate_series(1, 100) n;
INSERT INTO parcels (weight) SELECT n / 10.0 FROM generate_series(1, 100) n;
