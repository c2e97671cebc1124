-- expect: moved
-- login: superuser
-- way: up
-- during: TRUNCATE TABLE emptied
-- during: REPLACE INTO kept VALUES (1, 'replaced')
-- during: INSERT INTO kept VALUES (2, 'x') ON DUPLICATE KEY UPDATE v = 'again'
-- Statements that change many rows at once, empty a table, replace rows.
CREATE TABLE kept (id int PRIMARY KEY, v varchar(20)); INSERT INTO kept SELECT seq, 'v' FROM seq_1_to_50; CREATE TABLE emptied (id int PRIMARY KEY AUTO_INCREMENT, v int); INSERT INTO emptied (v) SELECT seq FROM seq_1_to_50;
