-- expect: moved
-- write: UPDATE jobs SET locked_by = '{n}', attempts = attempts + 1 WHERE locked_by IS NULL ORDER BY id LIMIT 3
-- write: DELETE FROM jobs WHERE locked_by IS NOT NULL ORDER BY id LIMIT 2
-- write: INSERT INTO jobs (payload) VALUES ('{n}'), ('{n}b'), ('{n}c')
-- Queue tables: rows that come, are locked, and go all the time.
CREATE TABLE jobs (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, queue varchar(191) NOT NULL DEFAULT 'default', payload longtext NOT NULL, attempts tinyint unsigned NOT NULL DEFAULT 0, locked_by varchar(50), available_at int unsigned NOT NULL DEFAULT 0, KEY (queue, locked_by)); CREATE TABLE failed_jobs (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, uuid varchar(191) NOT NULL UNIQUE, failed_at timestamp NOT NULL DEFAULT current_timestamp()); INSERT INTO jobs (payload) SELECT concat('{"job":', seq, '}') FROM seq_1_to_300; INSERT INTO failed_jobs (uuid) SELECT uuid() FROM seq_1_to_20;
