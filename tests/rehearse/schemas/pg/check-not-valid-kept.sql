-- expect: moved
-- Constraints NOT VALID whose rows happen to hold, and a foreign key NOT VALID whose rows do not (keys are not checked by the copy).
CREATE TABLE people (id bigserial PRIMARY KEY, age int, boss bigint); INSERT INTO people (age, boss) SELECT n, 100000 FROM generate_series(1, 50) n;
ALTER TABLE people ADD CONSTRAINT grown CHECK (age >= 0) NOT VALID; ALTER TABLE people ADD CONSTRAINT has_boss FOREIGN KEY (boss) REFERENCES people NOT VALID;
