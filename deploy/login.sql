-- The login the service connects with: a member of its role (服务角色) and of nothing else.
-- Run by the owner after each migration; again it changes nothing but a changed password.
SET client_min_messages = warning;
\getenv login HUB_SERVICE_LOGIN
\getenv password HUB_SERVICE_PASSWORD
SELECT format('CREATE ROLE %I', :'login')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'login')
\gexec
ALTER ROLE :"login" NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS
    LOGIN PASSWORD :'password';
GRANT hub_app TO :"login";
