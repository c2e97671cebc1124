-- refused: sql_mode
-- refused: time_zone
-- login: superuser
-- way: up
-- The servers read statements differently.
CREATE TABLE kept (id int PRIMARY KEY); SET GLOBAL sql_mode = 'ANSI_QUOTES'; SET GLOBAL time_zone = '+05:30';
