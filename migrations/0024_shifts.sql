-- Why: whether people were at work when it was planned (C67). When an agent was at work is kept as spans, not as a figure, so that a plan
-- may still be corrected afterwards.

create table planned_shifts (
    agent text not null,
    -- begins and ends; a shift over midnight belongs to the day on which it begins
    from_at bigint not null,
    day text not null,
    until_at bigint not null,
    primary key (agent, from_at)
);
create index planned_shifts_by_day on planned_shifts (day);

-- At work: signed on, and neither on a break nor without a phone. One row for each span and start of the program.
create table agent_presence (
    agent text not null,
    run text not null,
    from_at bigint not null,
    until_at bigint not null,
    primary key (agent, run, from_at)
);
create index agent_presence_by_end on agent_presence (agent, until_at);
