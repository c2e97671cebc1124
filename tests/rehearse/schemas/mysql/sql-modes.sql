-- expect: moved
-- The server runs with other modes than the target's, and rows that those would not take.
SET sql_mode = ''; CREATE TABLE loose (id int PRIMARY KEY AUTO_INCREMENT, n tinyint NOT NULL, d date NOT NULL, v varchar(3) NOT NULL, e enum('a') NOT NULL); INSERT INTO loose (n, d, v, e) VALUES (999, '2026-02-31', 'long text', 'z'), (0, '', '', ''); INSERT INTO loose (n, d, v) SELECT seq, '2026-01-01', 'v' FROM seq_1_to_40;
