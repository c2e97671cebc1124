-- expect: moved
-- needs: icu
-- Collations of our own, not deterministic, on columns, domains and indexes.
CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk'); CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE DOMAIN email AS text COLLATE no_case;
CREATE TABLE names (id bigserial PRIMARY KEY, name text COLLATE german, mail email UNIQUE); CREATE INDEX names_c ON names (name COLLATE "C"); INSERT INTO names (name, mail) SELECT 'Ä' || n, 'M' || n || '@x' FROM generate_series(1, 100) n;
