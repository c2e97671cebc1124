-- refused: log_min_duration_statement of tuner (REVOKE SET ON PARAMETER log_min_duration_statement FROM tuner)
-- way: up
-- Rights to set single parameters.
CREATE ROLE tuner LOGIN PASSWORD 'x'; GRANT SET ON PARAMETER log_min_duration_statement TO tuner; CREATE TABLE kept (id int PRIMARY KEY);
