-- Why: the agent whom a customer knows may be signed on at another node. What each node says of its agents, as JSON.

alter table nodes add column agents text not null default '';
