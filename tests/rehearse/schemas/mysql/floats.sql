-- expect: moved
-- quick: yes
-- Binary numbers that a text of six digits does not keep; the smallest, the largest, zero below zero.
CREATE TABLE reading (id int PRIMARY KEY, f float, d double, f2 float(10, 3), note varchar(20));
INSERT INTO reading (id, f, d, f2) VALUES (1, 16777216, 0.1, 1.5), (2, 1234567.75, 1e300, 1234567.891), (3, 0.1234567891, 1 / 3, 0), (4, 1.1754944e-38, 2.2250738585072014e-308, -1), (5, 3.402823466e38, 1.7976931348623157e308, 9999999.999), (6, -0e0, -0e0, NULL), (7, 1e-45, 5e-324, NULL), (8, NULL, NULL, NULL);
INSERT INTO reading (id, f, d) SELECT seq + 100, 1 / (seq + 0.7), 1 / (seq + 0.7) FROM seq_1_to_200;
