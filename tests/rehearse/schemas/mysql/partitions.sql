-- expect: moved
-- write: UPDATE by_day SET d = d + INTERVAL 200 DAY WHERE id = 1 + {n} % 90 AND d < '2030-01-01'
-- Partitions by range, list, hash, key, with parts below; rows that move between them.
CREATE TABLE by_day (id int, d date, v varchar(20), PRIMARY KEY (id, d)) PARTITION BY RANGE (to_days(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (739000), PARTITION p1 VALUES LESS THAN (740000), PARTITION p2 VALUES LESS THAN MAXVALUE); CREATE TABLE by_list (id int, k varchar(5), PRIMARY KEY (id, k)) PARTITION BY LIST COLUMNS (k) (PARTITION a VALUES IN ('a', 'b'), PARTITION rest DEFAULT); CREATE TABLE by_key (id int PRIMARY KEY, v int) PARTITION BY KEY () PARTITIONS 4;
INSERT INTO by_day SELECT seq, '2020-01-01' + INTERVAL seq * 40 DAY, 'v' FROM seq_1_to_90; INSERT INTO by_list SELECT seq, char(97 + seq % 5) FROM seq_1_to_50; INSERT INTO by_key SELECT seq, seq FROM seq_1_to_50;
