-- refused: old_style
-- refused: notes_aria
-- Tables of other engines.
CREATE TABLE old_style (id int PRIMARY KEY) ENGINE = MyISAM; CREATE TABLE notes_aria (id int PRIMARY KEY) ENGINE = Aria; CREATE TABLE kept (id int PRIMARY KEY);
