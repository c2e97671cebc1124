-- expect: moved
-- options: CHARACTER SET latin1 COLLATE latin1_swedish_ci
-- The target's database was made with another character set.
CREATE TABLE names (id int PRIMARY KEY AUTO_INCREMENT, v varchar(20)); INSERT INTO names (v) VALUES ('😀'), ('é'); CREATE FUNCTION echo_(x varchar(20)) RETURNS varchar(20) DETERMINISTIC RETURN x;
