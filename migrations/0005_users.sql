-- Why: people sign in with a name and a password; what they do is written down, and what they hold can be taken away at once.

create table users (
    id text primary key,
    -- What they sign in with: lower case.
    login text not null unique,
    name text not null,
    -- What colleagues know them by: 8003. Empty for people without one.
    number text not null,
    role text not null check (role in ('agent', 'dispatcher', 'branch', 'supervisor', 'manager', 'administrator')),
    -- order-zh,order-en
    queues text not null,
    -- zh:80,en:30
    skills text not null,
    -- Account of the desk phone, and what proves its password (RFC 7616 H(A1)), never the password itself.
    account text,
    ha1_md5 text,
    ha1_sha256 text,
    language text not null,
    branch bigint,
    -- argon2
    password_hash text not null,
    must_change bigint not null check (must_change in (0, 1)),
    disabled bigint not null check (disabled in (0, 1)),
    created_at bigint not null,
    changed_at bigint not null
);
create unique index users_by_number on users (number) where number <> '';
create unique index users_by_account on users (account) where account is not null;

create table sessions (
    -- SHA-256 of what the cookie holds.
    hash text primary key,
    user_id text not null,
    created_at bigint not null,
    seen_at bigint not null,
    address text not null
);
create index sessions_by_user on sessions (user_id);

-- Programs sign in with a bearer token.
create table tokens (
    id text primary key,
    name text not null,
    hash text not null unique,
    role text not null check (role in ('agent', 'dispatcher', 'branch', 'supervisor', 'manager', 'administrator')),
    made_by text not null,
    created_at bigint not null,
    revoked_at bigint
);

-- Who did what, when, from where, on whom. Only ever appended to.
create table audit (
    seq bigint primary key,
    at bigint not null,
    who text not null,
    name text not null,
    address text not null,
    action text not null,
    object text not null,
    detail text not null
);

-- What was answered to a command with a key, so that the same command again is not done twice.
create table answers (
    -- user and key
    id text primary key,
    -- Fingerprint of the request.
    request text not null,
    status bigint not null,
    body text not null,
    at bigint not null
);
create index answers_by_time on answers (at);
