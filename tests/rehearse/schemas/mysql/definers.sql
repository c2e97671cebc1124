-- refused: runs as another account
-- refused: seen
-- refused: counted
-- login: superuser
-- way: up
-- Views, triggers and routines that run as somebody else, who exists, with rights of his own.
CREATE USER reporter@'10.%' IDENTIFIED BY 'r'; GRANT SELECT ON app.* TO reporter@'10.%'; CREATE TABLE base (id int PRIMARY KEY AUTO_INCREMENT, n int); INSERT INTO base (n) SELECT seq FROM seq_1_to_30;
CREATE DEFINER = reporter@'10.%' VIEW seen AS SELECT * FROM base; CREATE DEFINER = reporter@'10.%' FUNCTION counted() RETURNS int READS SQL DATA RETURN (SELECT count(*) FROM base); CREATE DEFINER = site@'%' VIEW ours AS SELECT * FROM base;
