-- refused: names another database
-- refused: other databases on the source
-- refused: app_stats
-- login: superuser
-- A second database that a view reads: it does not move along.
CREATE TABLE kept (id int PRIMARY KEY); CREATE DATABASE app_stats; CREATE TABLE app_stats.hits (id int PRIMARY KEY AUTO_INCREMENT, n int); INSERT INTO app_stats.hits (n) VALUES (1); CREATE VIEW seen AS SELECT n FROM app_stats.hits;
