-- Why: one row per call with its path, written in batches: at its start, so that a killed process leaves a trace, and at its end.

create table calls (
    id text primary key,
    sip_call_id text not null,
    node text not null,
    trunk text not null,
    caller text,
    dialled text not null,
    customer text,
    language text not null,
    arrived_at bigint not null,
    answered_at bigint,
    ended_at bigint,
    end_by text,
    end_reason text,
    codec text,
    order_number text,
    keys bigint not null,
    errors bigint not null,
    packets_in bigint not null,
    packets_lost bigint not null,
    one_way bigint not null check (one_way in (0, 1)),
    no_keys bigint not null check (no_keys in (0, 1)),
    -- JSON: [[milliseconds since arrival, kind, …], …]
    steps text
);
create index calls_by_time on calls (arrived_at);
create index calls_by_sip on calls (sip_call_id);
create index calls_open on calls (node) where ended_at is null;

create table recordings (
    id text primary key,
    call_id text not null,
    kind text not null,
    length_ms bigint not null,
    at bigint not null
);
create index recordings_by_call on recordings (call_id);

create table messages (
    -- Digits, as spoken.
    number text primary key,
    kind text not null check (kind in ('complaint', 'suggestion', 'voicemail', 'join')),
    recording text not null,
    customer text,
    phone text,
    order_id text,
    status text not null check (status in ('new', 'open', 'closed')),
    at bigint not null
);
create index messages_by_time on messages (at);
