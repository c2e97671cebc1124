-- refused: helper@% (REVOKE PROXY ON 'boss'@'%' FROM 'helper'@'%')
-- way: up
-- login: superuser
-- One login may act as another.
CREATE TABLE kept (id int PRIMARY KEY); CREATE USER boss@'%' IDENTIFIED BY 'x'; GRANT SELECT ON kept TO boss@'%'; CREATE USER helper@'%' IDENTIFIED BY 'y'; GRANT SELECT ON kept TO helper@'%'; GRANT PROXY ON boss@'%' TO helper@'%';
