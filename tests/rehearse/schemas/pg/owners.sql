-- expect: moved
-- way: up
-- Objects of several owners; a view that reads with its owner's rights.
CREATE ROLE keeper NOLOGIN; CREATE ROLE clerk LOGIN PASSWORD 'c'; GRANT keeper TO site; GRANT CREATE, USAGE ON SCHEMA public TO keeper;
CREATE TABLE vault (id bigserial PRIMARY KEY, gold int); INSERT INTO vault (gold) SELECT n FROM generate_series(1, 50) n; ALTER TABLE vault OWNER TO keeper;
CREATE VIEW weight AS SELECT sum(gold) AS gold FROM vault; ALTER VIEW weight OWNER TO keeper; GRANT SELECT ON weight TO clerk;
CREATE FUNCTION count_gold() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT sum(gold) FROM public.vault'; ALTER FUNCTION count_gold() OWNER TO keeper; CREATE SCHEMA keep AUTHORIZATION keeper;
GRANT ALL ON vault TO site; GRANT ALL ON SEQUENCE vault_id_seq TO site;
