-- Why: several programs may serve one house. Each gives a sign of life; what a dead one left behind is put right by the others.

-- A row changes with every sign. `run` is one start of the program: whoever finds another one here is not the node any more.
create table nodes (
    name text primary key,
    run text not null,
    place text not null,
    sip text not null,
    web text not null,
    started_at bigint not null,
    seen_at bigint not null,
    left_at bigint,
    lost_at bigint
);
