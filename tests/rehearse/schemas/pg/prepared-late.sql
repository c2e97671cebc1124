-- stopped: two-phase-2
-- during: BEGIN; INSERT INTO kept (v) VALUES ('prepared'); PREPARE TRANSACTION 'two-phase-2'
-- A prepared transaction that is open when traffic is to be switched.
CREATE TABLE kept (id bigserial PRIMARY KEY, v text); INSERT INTO kept (v) SELECT 'v' FROM generate_series(1, 20);
