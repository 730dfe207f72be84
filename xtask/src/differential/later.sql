-- What the service writes after all is done, one statement a line, each in a transaction of its own as
-- `diff_service`: what each answers, and the rows that it leaves, must be the same.
INSERT INTO items (name, size, parent_id) VALUES ('later', 11, 1)
INSERT INTO items (name, size) VALUES ('item 1', 12)
INSERT INTO items (name, size) VALUES ('Item 2', 1200)
INSERT INTO items (name, parent_id) VALUES ('orphan', 99)
UPDATE items SET size = 20, name = 'item two' WHERE id = 2
UPDATE items SET c = 21 WHERE id = 4
DELETE FROM items WHERE id = 5
INSERT INTO logs (line) VALUES ('later')
UPDATE logs SET line = 'changed' WHERE id = 1
INSERT INTO logs (id) VALUES (nextval('ticket'))
INSERT INTO events (id, at) VALUES (50, '2019-01-01')
INSERT INTO events (id, at, what) VALUES (51, '2024-01-01', 'event 51')
INSERT INTO places (id) VALUES (7)
INSERT INTO cities (id, people) VALUES (8, 9)
UPDATE secrets SET owner = owner
SELECT count(*) FROM items
SELECT * FROM item_names
SELECT twice(2)
