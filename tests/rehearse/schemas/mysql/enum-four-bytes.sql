-- refused: moods.mood
-- A label with a 4-byte character, which the server's own texts show as a question mark.
CREATE TABLE moods (id int PRIMARY KEY AUTO_INCREMENT, mood enum('sad', '😀') CHARACTER SET utf8mb4); INSERT INTO moods (mood) VALUES ('sad'), ('😀');
