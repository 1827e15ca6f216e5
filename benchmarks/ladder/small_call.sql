-- L1a. Run with -D n=0 -D first=… -D clients=…: every client takes every so manieth visit.
\set visit :first + :n * :clients + :client_id
\set n :n + 1
SELECT ceiling_small.settle(:visit, gen_random_uuid()::text, convert_to(repeat('x', 640), 'UTF8'));
