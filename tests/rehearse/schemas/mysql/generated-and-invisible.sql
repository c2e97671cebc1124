-- expect: moved
-- Generated columns of both kinds, with indexes and foreign keys upon them, invisible columns, defaults by expression.
CREATE TABLE gen (id int PRIMARY KEY AUTO_INCREMENT, a int, s int AS (a * 2) STORED, v int AS (a + 1) VIRTUAL, h varchar(40) AS (sha1(a)) VIRTUAL INVISIBLE, hidden int INVISIBLE DEFAULT 7, made datetime(6) DEFAULT (current_timestamp(6) - INTERVAL 1 DAY), u char(36) DEFAULT uuid(), KEY (v), UNIQUE KEY (s, id)); INSERT INTO gen (a, hidden) SELECT seq, seq * 2 FROM seq_1_to_100; INSERT INTO gen (a) VALUES (NULL);
CREATE TABLE docs (id int PRIMARY KEY, j longtext CHECK (json_valid(j)), name varchar(50) AS (json_value(j, '$.name')) STORED, KEY (name)); INSERT INTO docs (id, j) SELECT seq, concat('{"name": "n', seq, '", "x": 1e300}') FROM seq_1_to_50;
