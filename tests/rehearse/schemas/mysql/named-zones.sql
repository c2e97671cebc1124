-- refused: named time zones
-- login: superuser
-- way: up
-- The source knows zones by name, the target does not: the same statement gives NULL there.
CREATE TABLE kept (id int PRIMARY KEY, at datetime); INSERT INTO kept VALUES (1, '2026-01-01');
INSERT INTO mysql.time_zone (Use_leap_seconds) VALUES ('N'); INSERT INTO mysql.time_zone_name VALUES ('Europe/Berlin', last_insert_id()); INSERT INTO mysql.time_zone_transition_type VALUES (last_insert_id(), 0, 3600, 0, 'CET');
