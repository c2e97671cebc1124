-- expect: moved
-- login: superuser
-- way: up
-- Users, roles, grants on the database, a table, columns, a routine; limits; a lock.
CREATE TABLE accounts (id int PRIMARY KEY AUTO_INCREMENT, name varchar(20), secret varchar(20)); INSERT INTO accounts (name) SELECT concat('a', seq) FROM seq_1_to_40; CREATE FUNCTION one() RETURNS int DETERMINISTIC RETURN 1;
CREATE USER reader@'%' IDENTIFIED BY 'r\'s "x" \\'; GRANT SELECT ON app.* TO reader@'%'; CREATE USER clerk@'10.0.%' IDENTIFIED BY 'c' WITH MAX_USER_CONNECTIONS 5; GRANT SELECT (name), UPDATE (name) ON app.accounts TO clerk@'10.0.%'; GRANT EXECUTE ON FUNCTION app.one TO clerk@'10.0.%'; CREATE USER locked@localhost IDENTIFIED BY 'l' ACCOUNT LOCK; GRANT INSERT ON app.accounts TO locked@localhost; CREATE ROLE auditors; GRANT SELECT ON app.accounts TO auditors; GRANT auditors TO reader@'%'; SET DEFAULT ROLE auditors FOR reader@'%';
