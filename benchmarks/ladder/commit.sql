-- L0, the disk's own pace: one row, one commit.
INSERT INTO ceiling_small.announcement (at, topic, subject, parties, body) VALUES (now(), 'x', 'x', '{}', '{}');
