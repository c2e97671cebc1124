-- expect: moved
-- quick: yes
-- after: SELECT auto_increment >= 1000 FROM information_schema.tables WHERE table_schema = 'app' AND table_name = 'ahead' => 1
-- Counters ahead of their rows, rows taken back, rows with negative ids, a counter in the second column, a small counter.
CREATE TABLE ahead (id int PRIMARY KEY AUTO_INCREMENT, v int) AUTO_INCREMENT = 1000; CREATE TABLE gone (id int PRIMARY KEY AUTO_INCREMENT, v int); INSERT INTO gone (v) SELECT seq FROM seq_1_to_50; DELETE FROM gone WHERE id > 10; CREATE TABLE below (id int PRIMARY KEY AUTO_INCREMENT, v int); INSERT INTO below VALUES (-5, 1), (-4, 2); CREATE TABLE second (a int, id int AUTO_INCREMENT, PRIMARY KEY (a, id), KEY (id)); INSERT INTO second (a) SELECT seq % 3 FROM seq_1_to_30; CREATE TABLE small (id tinyint unsigned PRIMARY KEY AUTO_INCREMENT, v int); INSERT INTO small (v) SELECT seq FROM seq_1_to_20;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; CREATE TABLE zero (id int PRIMARY KEY AUTO_INCREMENT, v int); INSERT INTO zero VALUES (0, 1), (7, 2);
