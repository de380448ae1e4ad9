CREATE TABLE waiting (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, made_at REAL NOT NULL, routine INTEGER NOT NULL,
    plain_bytes INTEGER NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX waiting_by_age ON waiting (made_at);
CREATE INDEX waiting_by_worth ON waiting (routine DESC, seq);
CREATE TABLE set_aside (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at REAL NOT NULL, why TEXT NOT NULL, bytes INTEGER NOT NULL, body BLOB);
CREATE TABLE totals (
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, aside_rows INTEGER NOT NULL, aside_bytes INTEGER NOT NULL,
    dropped INTEGER NOT NULL, corrupt INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0, 0, 0, 0, 0);
CREATE TRIGGER waiting_in AFTER INSERT ON waiting
    BEGIN UPDATE totals SET rows = rows + 1, bytes = bytes + NEW.bytes; END;
CREATE TRIGGER waiting_out AFTER DELETE ON waiting
    BEGIN UPDATE totals SET rows = rows - 1, bytes = bytes - OLD.bytes; END;
CREATE TRIGGER aside_in AFTER INSERT ON set_aside
    BEGIN UPDATE totals SET aside_rows = aside_rows + 1, aside_bytes = aside_bytes + NEW.bytes; END;
CREATE TRIGGER aside_out AFTER DELETE ON set_aside
    BEGIN UPDATE totals SET aside_rows = aside_rows - 1, aside_bytes = aside_bytes - OLD.bytes; END;
PRAGMA user_version = 1;
