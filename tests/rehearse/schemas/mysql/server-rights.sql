-- expect: moved
-- login: superuser
-- Users with rights to the whole server, beside or without those in the database.
CREATE TABLE kept (id int PRIMARY KEY, v int); CREATE USER watcher@'%' IDENTIFIED BY 'x'; GRANT PROCESS, SLAVE MONITOR ON *.* TO watcher@'%'; CREATE USER twice@'%' IDENTIFIED BY 'y'; GRANT SELECT ON kept TO twice@'%'; GRANT PROCESS, SHOW DATABASES ON *.* TO twice@'%';
