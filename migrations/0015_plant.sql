-- Why: queues and trunks are changed by page. What people wrote lies over the settings file, in its words, for every node.

create table page_queues (
    id text primary key,
    -- JSON, the keys of [[queue]] without id
    settings text not null,
    -- 1: back to the file
    retired bigint not null check (retired in (0, 1))
);
create table page_trunks (
    id text primary key,
    -- JSON, the keys of [[trunk]] without name and password
    settings text not null,
    password text,
    retired bigint not null check (retired in (0, 1))
);
