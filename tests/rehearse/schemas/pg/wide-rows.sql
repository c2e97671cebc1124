-- expect: moved
-- Rows of several megabytes, many changes in one transaction, unchanged values out of line.
-- during: UPDATE blobs SET note = 'changed' WHERE id % 2 = 0
-- during: UPDATE many_ SET v = v + 1
CREATE TABLE blobs (id bigserial PRIMARY KEY, note text, data bytea); ALTER TABLE blobs ALTER data SET STORAGE EXTERNAL; INSERT INTO blobs (note, data) SELECT 'n', convert_to(repeat(md5(n::text), 100000), 'UTF8') FROM generate_series(1, 6) n; CREATE TABLE many_ (id int PRIMARY KEY, v int); INSERT INTO many_ SELECT n, 0 FROM generate_series(1, 5000) n;
