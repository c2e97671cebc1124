-- expect: moved
-- ignore: ^setting all roles # it becomes a setting of the database
-- after: SHOW work_mem => 7MB
-- after: SHOW intervalstyle => iso_8601
-- Settings for every role of the server, and for every role in the database.
CREATE TABLE kept (id int PRIMARY KEY, v interval); INSERT INTO kept VALUES (1, '1 day');
ALTER ROLE ALL SET work_mem = '7MB'; ALTER ROLE ALL IN DATABASE app SET intervalstyle = 'iso_8601';
