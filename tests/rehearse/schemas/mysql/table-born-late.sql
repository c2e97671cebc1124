-- expect: moved
-- during: CREATE TABLE born_late (id int PRIMARY KEY, f float)
-- during: INSERT INTO born_late VALUES (1, 0.1), (2, 0.2)
-- during: ALTER TABLE early ADD nickname varchar(20) DEFAULT 'none'
-- ignore: ^(table|column|index) (born_late|early) # the binary log carries changes of the schema
-- ignore: ^(table|column|index) (born_late|early)\. # so does it those of columns
-- A deploy makes and changes tables: the binary log carries that.
CREATE TABLE early (id bigint PRIMARY KEY AUTO_INCREMENT, v varchar(20)); INSERT INTO early (v) SELECT 'v' FROM seq_1_to_50;
