-- expect: moved
-- quick: yes
-- Dates that are zero or partly zero, fractions of seconds, the hour that comes twice, the ends of each type.
SET sql_mode = '', time_zone = '+00:00';
CREATE TABLE moments (id int PRIMARY KEY, d date NOT NULL DEFAULT '0000-00-00', dt datetime DEFAULT '0000-00-00 00:00:00', t time(6), d6 datetime(6), ts timestamp(6) NULL DEFAULT NULL ON UPDATE current_timestamp(6), ts0 timestamp NOT NULL DEFAULT '0000-00-00 00:00:00', note varchar(60));
INSERT INTO moments (id, d, dt, t, d6, ts, ts0) VALUES (1, '0000-00-00', '0000-00-00', '-838:59:59.999999', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999', '1970-01-01 00:00:01'), (2, '2026-00-15', '2026-02-00', '838:59:59', '1000-01-01', '2026-10-25 00:30:00.123456', '2026-10-25 01:30:00'), (3, '9999-12-31', '2026-03-29 02:30:00', '00:00:00.000001', '0000-00-00', NULL, '0000-00-00'); INSERT INTO moments (id, d6, note) SELECT seq + 10, '2026-01-01' + INTERVAL seq MICROSECOND, 'n' FROM seq_1_to_100;
