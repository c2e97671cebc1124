-- expect: moved
-- Checks by column and by table, named and not.
CREATE TABLE people (id int PRIMARY KEY AUTO_INCREMENT, age int CHECK (age >= 0), name varchar(50), CONSTRAINT `na``med` CHECK (name <> '')); INSERT INTO people (age, name) SELECT seq, concat('p', seq) FROM seq_1_to_100;
