-- expect: moved
-- A column called like its table, so that the table's name means the column.
CREATE TABLE price (id int PRIMARY KEY, price numeric, note text); INSERT INTO price SELECT n, n, 'n' || n FROM generate_series(1, 200) n;
CREATE TABLE q (q int PRIMARY KEY, other text); INSERT INTO q SELECT n, 'o' FROM generate_series(1, 20) n;
