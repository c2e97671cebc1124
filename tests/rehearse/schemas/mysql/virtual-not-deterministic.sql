-- expect: moved
-- A stored column by a function whose result leans on the session (time zone, sql_mode, language).
SET time_zone = '+05:00'; CREATE TABLE stamped (id int PRIMARY KEY, ts timestamp NULL, day varchar(30) AS (date_format(ts, '%Y-%m-%d %H')) VIRTUAL, note varchar(10)); INSERT INTO stamped (id, ts) SELECT seq, '2026-01-01 00:30:00' + INTERVAL seq HOUR FROM seq_1_to_50;
