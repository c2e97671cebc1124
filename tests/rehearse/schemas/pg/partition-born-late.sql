-- stopped: days_2
-- during: CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2026-01-02') TO ('2026-01-03')
-- during: INSERT INTO days VALUES (9999, '2026-01-02')
-- A partition that comes after the copy: the follower has no place for its rows.
CREATE TABLE days (id bigint, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-01-02'); INSERT INTO days SELECT n, '2026-01-01' FROM generate_series(1, 100) n;
