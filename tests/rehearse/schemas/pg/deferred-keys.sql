-- expect: moved
-- write: INSERT INTO employees (id, boss) VALUES (100000 + {n}, 200000 + {n}), (200000 + {n}, NULL)
-- Foreign keys that are checked at the end, in a circle, and with every action.
CREATE TABLE employees (id int PRIMARY KEY, boss int REFERENCES employees ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, team int);
CREATE TABLE teams (id int PRIMARY KEY, lead int REFERENCES employees ON UPDATE CASCADE ON DELETE SET DEFAULT DEFERRABLE);
ALTER TABLE employees ADD FOREIGN KEY (team) REFERENCES teams ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
INSERT INTO employees SELECT n, NULLIF(n / 2, 0), NULL FROM generate_series(1, 100) n;
INSERT INTO teams SELECT n, n FROM generate_series(1, 10) n; UPDATE employees SET team = 1 + id % 10;
