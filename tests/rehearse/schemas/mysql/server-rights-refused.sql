-- refused: RELOAD of 'keeper'@'%' (REVOKE RELOAD ON *.* FROM 'keeper'@'%')
-- login: superuser
-- way: up
-- A user with a right to the whole server that RDS's master user may not give.
CREATE TABLE kept (id int PRIMARY KEY); CREATE USER keeper@'%' IDENTIFIED BY 'x'; GRANT SELECT ON kept TO keeper@'%'; GRANT RELOAD ON *.* TO keeper@'%';
