-- Why: the house calls and writes to customers of its own accord (C99). Who agreed and who refused, whom a campaign is about, each try and
-- what came of it are written down before anything leaves, so that no restart and no second node contacts anybody twice, and so that
-- there is proof afterwards.

-- The last word of a number about being contacted.
create table contact_wishes (
    phone text primary key,
    wish text not null check (wish in ('yes', 'no')),
    at bigint not null,
    -- agent, import, key, reply
    how text not null,
    -- What was said, signed or pressed.
    words text not null,
    by_name text not null
);

create table campaigns (
    id text primary key,
    name text not null,
    kind text not null check (kind in ('message', 'voice_file', 'voice_flow')),
    status text not null check (status in ('draft', 'approved', 'running', 'paused', 'stopped', 'done')),
    -- JSON: what it is to do.
    plan text not null,
    -- Raised by each change.
    life bigint not null,
    -- Raised by each claim: claims of one campaign meet here.
    turn bigint not null,
    -- When the list was made that a manager may say yes to.
    listed_at bigint,
    made_by text not null,
    made_at bigint not null,
    approved_by text,
    approved_at bigint,
    began_at bigint,
    ended_at bigint,
    changed_at bigint not null
);
create index campaigns_by_time on campaigns (made_at);
create index campaigns_running on campaigns (id) where status = 'running';

-- A list that was imported, before it is looked at.
create table campaign_listed (
    campaign text not null references campaigns (id),
    phone text not null,
    name text not null,
    consent text not null,
    primary key (campaign, phone)
);

create table campaign_numbers (
    campaign text not null references campaigns (id),
    phone text not null,
    customer text,
    name text not null,
    -- out: left out, and why; trying: a call is up.
    status text not null check (status in ('out', 'waiting', 'trying', 'reached', 'refused', 'failed')),
    why text not null,
    tries bigint not null,
    next_at bigint not null,
    claimed_by text,
    changed_at bigint not null,
    primary key (campaign, phone)
);
create index campaign_numbers_due on campaign_numbers (campaign, next_at) where status = 'waiting';
create index campaign_numbers_trying on campaign_numbers (campaign) where status = 'trying';

-- The evidence: one row for each try.
create table campaign_tries (
    id text primary key,
    campaign text not null references campaigns (id),
    phone text not null,
    -- Which one of this number.
    try bigint not null,
    node text not null,
    at bigint not null,
    answered_at bigint,
    ended_at bigint,
    -- Empty while it lasts.
    outcome text not null,
    why text not null,
    keys text not null,
    call_id text,
    -- The prompt, node or text.
    said text not null,
    consent_at bigint not null,
    consent_how text not null,
    consent_words text not null
);
create index campaign_tries_by_phone on campaign_tries (phone, at);
create index campaign_tries_by_campaign on campaign_tries (campaign, at);
create index campaign_tries_by_time on campaign_tries (at);
create index campaign_tries_open on campaign_tries (node) where outcome = '';

-- What stays when the evidence has gone: outcomes, and why people were left out.
create table campaign_counts (
    campaign text not null references campaigns (id),
    what text not null,
    count bigint not null,
    primary key (campaign, what)
);

-- Claims of one number by several campaigns meet here.
create table contact_turns (
    phone text primary key,
    at bigint not null
);

-- A message of a campaign is not sent after the hours in which people may be contacted.
alter table customer_messages add column until_at bigint;
create index tickets_open_by_phone on tickets (phone) where status <> 'closed';
