-- expect: moved
-- versions: 16 ..
-- Memberships that do not inherit, or may not be taken on.
CREATE ROLE managers; CREATE ROLE auditors; CREATE ROLE anna LOGIN PASSWORD 'x'; GRANT managers TO anna WITH INHERIT FALSE; GRANT auditors TO anna WITH SET FALSE, ADMIN TRUE;
CREATE TABLE pay (id int PRIMARY KEY); GRANT SELECT ON pay TO managers;
