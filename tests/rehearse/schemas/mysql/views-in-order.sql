-- expect: moved
-- after: SELECT count(*) > 0 FROM a_top => 1
-- Views that lean on each other against the order of names, on functions, with checks, algorithms and rights of the caller.
CREATE TABLE base (id int PRIMARY KEY AUTO_INCREMENT, n int); INSERT INTO base (n) SELECT seq FROM seq_1_to_80; CREATE FUNCTION twice(x int) RETURNS int DETERMINISTIC RETURN x * 2; CREATE VIEW z_bottom AS SELECT id, twice(n) AS n FROM base; CREATE ALGORITHM = TEMPTABLE VIEW m_middle AS SELECT * FROM z_bottom WHERE n > 4; CREATE SQL SECURITY INVOKER VIEW a_top AS SELECT count(*) AS n FROM m_middle; CREATE VIEW checked AS SELECT * FROM base WHERE n < 50 WITH LOCAL CHECK OPTION; CREATE VIEW `with` AS SELECT 1 AS `select`, 'DEFINER=`x`@`y`' AS t;
