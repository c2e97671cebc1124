-- expect: moved
-- login: superuser
-- What everybody may do, proxies, rights to the server, two ways to log in, a definition of another server.
CREATE TABLE kept (id int PRIMARY KEY, v int); INSERT INTO kept VALUES (1, 1); GRANT SELECT ON kept TO PUBLIC;
