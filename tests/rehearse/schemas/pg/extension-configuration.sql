-- expect: moved
-- login: superuser
-- after: SELECT string_agg(name, ',' ORDER BY name) FROM job.config => evening,morning
-- An extension's own table that it marks as configuration: rows of the application's, and rows that it brings itself.
CREATE EXTENSION corpus_jobs; INSERT INTO job.config VALUES ('morning', '06:00'), ('evening', '18:00'); CREATE TABLE runs (id bigserial PRIMARY KEY, job text); INSERT INTO runs (job) SELECT 'morning' FROM generate_series(1, 20);
