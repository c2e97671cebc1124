-- expect: moved
-- A floating number as key, as part of one, and in an index.
CREATE TABLE byfloat (f float PRIMARY KEY, v int); CREATE TABLE bydouble (d double, n int, v varchar(20), PRIMARY KEY (d, n), KEY (v)); INSERT INTO byfloat SELECT 1 / (seq + 0.3), seq FROM seq_1_to_50; INSERT INTO bydouble SELECT 1 / (seq + 0.3), seq, 'v' FROM seq_1_to_50;
