-- The disk's own pace: one row, one commit.
INSERT INTO ceiling.announcement (at, topic, subject, parties, body) VALUES (now(), 'x', 'x', '{}', '{}');
