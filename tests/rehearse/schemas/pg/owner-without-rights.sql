-- refused: hidden
-- way: up
-- An owner that took its own rights away: on the source its login is a superuser and never noticed.
CREATE SCHEMA private; CREATE TABLE private.hidden (id int PRIMARY KEY); INSERT INTO private.hidden VALUES (1); REVOKE ALL ON private.hidden FROM site;
