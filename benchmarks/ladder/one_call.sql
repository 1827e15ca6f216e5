-- Run with -D n=0: every client walks through visits of its own, so that each is settled once.
\set n :n + 1
\set visit 1 + (:client_id * 37500 + :n) % 300000
SELECT ceiling.settle(:visit, gen_random_uuid()::text, convert_to(repeat('x', 1500), 'UTF8'));
