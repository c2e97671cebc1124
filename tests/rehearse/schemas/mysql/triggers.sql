-- expect: moved
-- after: INSERT INTO orders (v) VALUES (NULL) RETURNING v => DEFINER = `nobody`@`nowhere`
-- Triggers of each time, two of one time in an order, that write elsewhere, with texts of a dump.
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, v varchar(100), n int DEFAULT 0); CREATE TABLE log (id int PRIMARY KEY AUTO_INCREMENT, line varchar(200));
DELIMITER //
CREATE TRIGGER b_first BEFORE INSERT ON orders FOR EACH ROW SET NEW.v = ifnull(NEW.v, 'DEFINER = `nobody`@`nowhere`')//
CREATE TRIGGER a_second BEFORE INSERT ON orders FOR EACH ROW FOLLOWS b_first SET NEW.n = NEW.n + length(NEW.v)//
CREATE TRIGGER between_ BEFORE INSERT ON orders FOR EACH ROW PRECEDES a_second SET NEW.n = NEW.n * 2//
CREATE TRIGGER after_ AFTER INSERT ON orders FOR EACH ROW BEGIN INSERT INTO log (line) VALUES (concat('new ', NEW.id)); END//
CREATE TRIGGER changed AFTER UPDATE ON orders FOR EACH ROW INSERT INTO log (line) VALUES (concat('changed ', OLD.id))//
CREATE TRIGGER gone AFTER DELETE ON orders FOR EACH ROW INSERT INTO log (line) VALUES (concat('gone ', OLD.id))//
DELIMITER ;
INSERT INTO orders (v) SELECT concat('v', seq) FROM seq_1_to_60;
