-- expect: moved
-- after: SELECT view_text('a') => CREATE DEFINER=`reports`@`%` VIEW a AS SELECT 1
-- after: SELECT greet('Zoë') => Hello "Zoë", it's DEFINER = `nobody`@`nowhere` -- 50013 DEFINER
-- Bodies with the words that a dump has, sql_modes of their own, characters of their own, comments, rights of the caller.
CREATE TABLE notes (id int PRIMARY KEY AUTO_INCREMENT, v varchar(200)); INSERT INTO notes (v) SELECT concat('n', seq) FROM seq_1_to_40;
DELIMITER //
CREATE FUNCTION view_text(name varchar(64)) RETURNS text DETERMINISTIC RETURN concat('CREATE DEFINER=`reports`@`%` VIEW ', name, ' AS SELECT 1')//
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'//
CREATE FUNCTION greet(who varchar(20) CHARSET utf8mb4) RETURNS varchar(200) CHARSET utf8mb4 DETERMINISTIC SQL SECURITY INVOKER COMMENT 'a "comment"' BEGIN RETURN concat('Hello "', who, '", it''s DEFINER = `nobody`@`nowhere` -- 50013 DEFINER'); END//
SET sql_mode = 'STRICT_ALL_TABLES,PIPES_AS_CONCAT'//
CREATE PROCEDURE many(IN a int, OUT b text, INOUT c int) MODIFIES SQL DATA BEGIN DECLARE done int DEFAULT 0; DECLARE k CURSOR FOR SELECT v FROM notes; DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1; /* 50013 DEFINER=`a`@`b` */ SET b = 'x' || 'y'; -- CHANGE MASTER TO MASTER_LOG_FILE='x', MASTER_LOG_POS=4;
SET c = c + 1; END//
DELIMITER ;
