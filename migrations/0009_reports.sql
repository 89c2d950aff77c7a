-- Why: a report over a year must not read a million calls. Each day that is over is added up once, by quarter of an hour and by
-- what reports group by; a change of anything in that day takes `fresh` away in the same transaction, and until the day is added
-- up again its figures come from the records themselves. The sums can always be thrown away.

create table report_days (
    -- Midnight on the restaurant's clock, and the next one.
    start_at bigint primary key,
    end_at bigint not null,
    -- 2026-11-21
    day text not null unique,
    -- Raised by every change; who adds the day up notices one that came in between.
    life bigint not null,
    -- Whether the sums are those of the records.
    fresh bigint not null check (fresh in (0, 1)),
    made_at bigint not null
);

create table roll_lines (
    day text not null,
    -- Quarters of an hour after midnight.
    slot bigint not null,
    trunk text not null,
    calls bigint not null,
    taken bigint not null,
    refused bigint not null,
    blocked bigint not null,
    broken bigint not null,
    ordered bigint not null,
    self_served bigint not null,
    busy_ms bigint not null,
    primary key (day, slot, trunk)
);

create table roll_queues (
    day text not null,
    slot bigint not null,
    queue text not null,
    offered bigint not null,
    answered bigint not null,
    in_time bigint not null,
    abandoned bigint not null,
    abandoned_short bigint not null,
    abandoned_in_time bigint not null,
    call_backs bigint not null,
    messages bigint not null,
    back_to_menu bigint not null,
    no_agent bigint not null,
    cut_off bigint not null,
    moved bigint not null,
    wait_ms bigint not null,
    all_wait_ms bigint not null,
    longest_ms bigint not null,
    wait_10 bigint not null,
    wait_20 bigint not null,
    wait_30 bigint not null,
    wait_60 bigint not null,
    wait_120 bigint not null,
    primary key (day, slot, queue)
);

create table roll_agents (
    day text not null,
    agent text not null,
    queue text not null,
    handled bigint not null,
    talk_ms bigint not null,
    hold_ms bigint not null,
    after_ms bigint not null,
    passed_on bigint not null,
    primary key (day, agent, queue)
);

create table roll_nodes (
    day text not null,
    node text not null,
    outcome text not null,
    times bigint not null,
    in_calls bigint not null,
    primary key (day, node, outcome)
);

create table roll_funnel (
    day text not null,
    stage text not null,
    came bigint not null,
    primary key (day, stage)
);

create table roll_codes (
    day text not null,
    code text not null,
    agent text not null,
    summed_up bigint not null,
    primary key (day, code, agent)
);

create table roll_orders (
    day text not null,
    branch bigint not null,
    via text not null,
    fulfilment text not null,
    orders bigint not null,
    cancelled bigint not null,
    goods_fen bigint not null,
    discount_fen bigint not null,
    fee_fen bigint not null,
    pay_fen bigint not null,
    primary key (day, branch, via, fulfilment)
);

-- Branch 0 is all of them together, so that the figures of the chain do not add up thirty branches.
create table roll_order_times (
    branch bigint not null,
    day text not null,
    slot bigint not null,
    placed bigint not null,
    placed_fen bigint not null,
    primary key (branch, day, slot)
);

create table roll_dishes (
    branch bigint not null,
    day text not null,
    dish bigint not null,
    portions bigint not null,
    lines bigint not null,
    amount_fen bigint not null,
    primary key (branch, day, dish)
);

-- How long an agent was in which state on a day. One row for each start of the program, which raises it: what was written
-- before a kill stays true.
create table agent_times (
    day text not null,
    agent text not null,
    run text not null,
    state text not null,
    ms bigint not null,
    primary key (day, agent, run, state)
);

create index call_parts_by_time on call_parts (from_at);
