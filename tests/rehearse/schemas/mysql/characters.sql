-- expect: moved
-- Character sets by column, by table, by database; four bytes, invalid for others, trailing blanks, binary collation, national.
ALTER DATABASE app CHARACTER SET latin1 COLLATE latin1_general_cs;
CREATE TABLE by_database (id int PRIMARY KEY AUTO_INCREMENT, v varchar(50)); INSERT INTO by_database (v) VALUES ('é'), ('É'), ('ÿ'), ('a '), ('a'), ('\\'), (''''), ('\0\n\r\Z\t"%_');
CREATE TABLE mixed (id int PRIMARY KEY, a varchar(20) CHARACTER SET utf8mb3, b varchar(20) CHARACTER SET latin2, c varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, d char(10) CHARACTER SET ucs2, e text CHARACTER SET utf16, f varchar(10) CHARACTER SET binary, g char(5) CHARACTER SET cp1251, h enum('ä', 'ö') CHARACTER SET utf8mb4, i set('x', 'ÿ') CHARACTER SET latin1, j varchar(20) CHARACTER SET sjis, k varchar(30) CHARACTER SET gbk) CHARACTER SET utf8mb4;
INSERT INTO mixed VALUES (1, 'äö', 'ąę', '😀 ', 'äé', '😀', x'00ff', 'Жя', 'ä', 'x,ÿ', '日本', '中文'), (2, '', '', '', '', '', '', '', NULL, '', '', ''); INSERT INTO mixed (id, a, c, e) SELECT seq + 10, concat('é', seq), repeat('😀', 3), 'x' FROM seq_1_to_60;
