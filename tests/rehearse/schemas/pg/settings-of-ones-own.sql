-- refused: app.tenant
-- way: up
-- Parameters of the application's own, which a login without superuser rights cannot store.
CREATE TABLE kept (id int PRIMARY KEY); ALTER ROLE site IN DATABASE app SET app.tenant = 't 1';
