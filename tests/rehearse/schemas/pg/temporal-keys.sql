-- expect: moved
-- versions: 18 ..
-- Keys over time, virtual columns, constraints that are not enforced.
CREATE TABLE r (id int4range, at daterange, v int, w int GENERATED ALWAYS AS (v * 2) VIRTUAL, PRIMARY KEY (id, at WITHOUT OVERLAPS)); INSERT INTO r (id, at, v) SELECT int4range(n, n + 1), daterange('2026-01-01', '2026-01-02'), n FROM generate_series(1, 20) n;
CREATE TABLE s (id int PRIMARY KEY, r int4range, at daterange, FOREIGN KEY (r, PERIOD at) REFERENCES r (id, PERIOD at)); INSERT INTO s VALUES (1, '[1,2)', '[2026-01-01,2026-01-02)'); CREATE TABLE ne (id int PRIMARY KEY, v int CONSTRAINT pos CHECK (v > 0) NOT ENFORCED); INSERT INTO ne VALUES (1, -1);
