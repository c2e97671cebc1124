-- expect: moved
-- Inheritance, several parents, columns of their own; a parent with rows itself.
CREATE TABLE vehicles (id bigserial PRIMARY KEY, name text NOT NULL); CREATE TABLE owned (owner text DEFAULT 'nobody');
CREATE TABLE cars (doors int, PRIMARY KEY (id)) INHERITS (vehicles, owned); CREATE TABLE vans (load numeric, PRIMARY KEY (id)) INHERITS (cars);
ALTER TABLE owned REPLICA IDENTITY FULL; INSERT INTO vehicles (name) VALUES ('sled'); INSERT INTO cars (name, doors) SELECT 'c' || n, n % 5 FROM generate_series(1, 100) n; INSERT INTO vans (name, doors, load) SELECT 'v' || n, 2, n FROM generate_series(1, 100) n; INSERT INTO owned VALUES ('me');
