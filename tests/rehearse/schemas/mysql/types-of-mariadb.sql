-- expect: moved
-- Types that only MariaDB has, JSON with odd keys, shapes, enums with values that do not belong.
SET sql_mode = ''; CREATE TABLE types_ (id int PRIMARY KEY, u uuid, i6 inet6, j json, g geometry, e enum('', 'a', 'b''c'), s set('x', 'y'), v varchar(10)); INSERT INTO types_ VALUES (1, '00000000-0000-0000-0000-000000000001', '::1', '{"a":1e300,"é":"😀"}', point(1, -0.5), '', '', 'v'), (2, NULL, NULL, '[]', st_geomfromtext('POLYGON((0 0,1 0,1 1,0 0))'), 'not one', 'x,y', NULL); INSERT INTO types_ (id, u, e) SELECT seq + 10, uuid(), 'a' FROM seq_1_to_40;
