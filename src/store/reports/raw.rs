//! The records behind each source, one row for each of them, for the span from `$1` to `$2` in milliseconds.

use crate::report::Source;

/// What to select from in place of the sums of a day that is not added up; none where a day is never added up, or not by SQL.
pub(super) const fn records(source: Source) -> Option<&'static str> {
    Some(match source {
        Source::Lines => {
            "select (c.arrived_at - $1) / 900000 as slot, c.trunk as trunk, 1 as calls, \
            case when c.answered_at is not null then 1 else 0 end as taken, \
            case when c.end_reason like 'rejected:%' then 1 else 0 end as refused, \
            case when c.end_reason = 'blocked' then 1 else 0 end as blocked, \
            case when c.end_reason in ('no_audio', 'no_ack', 'session_expired', 'interrupted') or c.end_reason like 'our_fault%' \
                then 1 else 0 end as broken, \
            case when c.order_number is not null or exists (select 1 from orders as o where o.call_id = c.id) then 1 else 0 end as ordered, \
            case when (c.order_number is not null or c.end_reason = 'served') \
                and not exists (select 1 from call_parts as p where p.call_id = c.id and p.kind = 'agent') then 1 else 0 end as self_served, \
            case when c.answered_at is not null then coalesce(c.ended_at, c.answered_at) - c.answered_at else 0 end as busy_ms \
            from calls as c where c.arrived_at >= $1 and c.arrived_at < $2 and c.trunk <> 'campaign'"
        }
        Source::Contacts => {
            "select (c.arrived_at - $1) / 900000 as slot, 1 as contacts, \
            case when c.order_number is null and not exists (select 1 from orders as o where o.call_id = c.id) \
                and exists (select 1 from calls as b where b.caller = c.caller and b.arrived_at < c.arrived_at \
                    and b.arrived_at >= c.arrived_at - 86400000 and b.answered_at is not null and b.trunk not in ('outgoing', 'campaign')) \
                or exists (select 1 from tickets as t join tickets as f on f.order_id = t.order_id and f.at < t.at \
                    and f.at >= t.at - 86400000 and coalesce(f.call_id, '') <> t.call_id where t.call_id = c.id) \
                then 1 else 0 end as returned \
            from calls as c where c.arrived_at >= $1 and c.arrived_at < $2 and c.answered_at is not null and c.trunk not in ('outgoing', 'campaign') \
            and c.caller is not null and not exists (select 1 from riders as r where r.phone = c.caller) \
            union all select (t.at - $1) / 900000, 1, 1 from tickets as t where t.at >= $1 and t.at < $2 and t.order_id is not null \
            and exists (select 1 from tickets as f where f.order_id = t.order_id and f.at < t.at and f.at >= t.at - 86400000 \
                and (f.call_id is null or t.call_id is null or f.call_id <> t.call_id)) \
            and not exists (select 1 from calls as c where c.id = t.call_id and c.answered_at is not null and c.caller is not null)"
        }
        Source::Queues => {
            "select (entered_at - $1) / 900000 as slot, queue, case when outcome = 'moved' then 0 else 1 end as offered, \
            case when outcome = 'answered' then 1 else 0 end as answered, \
            case when outcome = 'answered' and left_at - entered_at <= 20000 then 1 else 0 end as in_time, \
            case when outcome = 'abandoned' and left_at - entered_at > 5000 then 1 else 0 end as abandoned, \
            case when outcome = 'abandoned' and left_at - entered_at <= 5000 then 1 else 0 end as abandoned_short, \
            case when outcome = 'abandoned' and left_at - entered_at <= 20000 then 1 else 0 end as abandoned_in_time, \
            case when outcome = 'callback' then 1 else 0 end as call_backs, \
            case when outcome = 'message' then 1 else 0 end as messages, \
            case when outcome = 'menu' then 1 else 0 end as back_to_menu, \
            case when outcome = 'no_agent' then 1 else 0 end as no_agent, \
            case when outcome = 'interrupted' then 1 else 0 end as cut_off, \
            case when outcome = 'moved' then 1 else 0 end as moved, \
            case when outcome = 'answered' then left_at - entered_at else 0 end as wait_ms, \
            case when outcome <> 'moved' then left_at - entered_at else 0 end as all_wait_ms, \
            case when outcome <> 'moved' then left_at - entered_at else 0 end as longest_ms, \
            case when outcome = 'answered' and left_at - entered_at <= 10000 then 1 else 0 end as wait_10, \
            case when outcome = 'answered' and left_at - entered_at <= 20000 then 1 else 0 end as wait_20, \
            case when outcome = 'answered' and left_at - entered_at <= 30000 then 1 else 0 end as wait_30, \
            case when outcome = 'answered' and left_at - entered_at <= 60000 then 1 else 0 end as wait_60, \
            case when outcome = 'answered' and left_at - entered_at <= 120000 then 1 else 0 end as wait_120 \
            from queue_visits where entered_at >= $1 and entered_at < $2 and is_callback = 0"
        }
        Source::Agents => {
            "select p.agent as agent, coalesce(p.queue, '') as queue, 1 as handled, \
            case when p.until_at is not null then p.until_at - p.from_at else 0 end as talk_ms, p.held_ms as hold_ms, \
            case when w.saved_at > p.until_at and w.saved_at - p.until_at < 1800000 then w.saved_at - p.until_at else 0 end as after_ms, \
            case when p.ended = 'transferred' then 1 else 0 end as passed_on \
            from call_parts as p left join wrap_ups as w on w.call_id = p.call_id and w.agent = p.agent and w.disposition is not null \
            where p.kind = 'agent' and p.agent is not null and p.from_at >= $1 and p.from_at < $2"
        }
        Source::Codes => {
            "select cast(disposition as text) as code, agent, 1 as summed_up \
            from wrap_ups where saved_at >= $1 and saved_at < $2 and disposition is not null"
        }
        Source::Orders => {
            "select branch, via, fulfilment, case when status = 'cancelled' then 0 else 1 end as orders, \
            case when status = 'cancelled' then 1 else 0 end as cancelled, \
            case when status = 'cancelled' then 0 else goods_fen end as goods_fen, \
            case when status = 'cancelled' then 0 else goods_fen + fee_fen - pay_fen end as discount_fen, \
            case when status = 'cancelled' then 0 else fee_fen end as fee_fen, \
            case when status = 'cancelled' then 0 else pay_fen end as pay_fen \
            from orders where placed_at >= $1 and placed_at < $2"
        }
        Source::OrderTimes => {
            "select branch, (placed_at - $1) / 900000 as slot, 1 as placed, pay_fen as placed_fen \
            from orders where placed_at >= $1 and placed_at < $2 and status <> 'cancelled'"
        }
        Source::Dishes => {
            "select o.branch as branch, l.dish as dish, l.quantity as portions, 1 as lines, l.amount_fen as amount_fen \
            from orders as o join order_lines as l on l.order_id = o.id \
            where o.placed_at >= $1 and o.placed_at < $2 and o.status <> 'cancelled'"
        }
        Source::Deliveries => {
            "select branch, coalesce(zone, '') as zone, coalesce(rider_name, rider, '') as rider, \
            case when outcome in ('D00', 'D10', 'D30', 'D60') then 1 else 0 end as delivered, \
            case when outcome = 'D00' then 1 else 0 end as on_time, case when outcome = 'D10' then 1 else 0 end as late_10, \
            case when outcome = 'D30' then 1 else 0 end as late_30, case when outcome = 'D60' then 1 else 0 end as late_60, \
            case when outcome in ('D10', 'D30', 'D60') then coalesce(outcome_minutes, 0) * 60000 else 0 end as late_ms, \
            case when outcome in ('D00', 'D10', 'D30', 'D60') then 0 else 1 end as undelivered \
            from orders where placed_at >= $1 and placed_at < $2 and fulfilment = 'delivery' and outcome is not null and status = 'done'"
        }
        Source::DeliveryTimes => {
            "select branch, (placed_at - $1) / 900000 as slot, 1 as brought, case when outcome = 'D00' then 1 else 0 end as brought_on_time, \
            case when outcome = 'D60' then 1 else 0 end as brought_late_60, \
            case when outcome = 'D00' then 0 else coalesce(outcome_minutes, 0) * 60000 end as brought_late_ms \
            from orders where placed_at >= $1 and placed_at < $2 and fulfilment = 'delivery' and status = 'done' \
            and outcome in ('D00', 'D10', 'D30', 'D60')"
        }
        Source::Outcomes => {
            "select branch, outcome as result, 1 as became from orders where placed_at >= $1 and placed_at < $2 and outcome is not null \
            union all select branch, 'D73', 1 from orders where placed_at >= $1 and placed_at < $2 and rescheduled > 0"
        }
        Source::Kitchens => {
            "select branch, case when sent_at is not null then 1 else 0 end as sent, \
            case when accepted_at >= sent_at then 1 else 0 end as accepted, \
            case when accepted_at >= sent_at then accepted_at - sent_at else 0 end as accept_ms, \
            case when refused_by = '' then 0 else length(refused_by) - length(replace(refused_by, ',', '')) + 1 end as refusals, \
            case when refused_by = '' then 0 else 1 end as moved_on, \
            case when accepted_at >= sent_at and accepted_at - sent_at <= 5000 then 1 else 0 end as took_5, \
            case when accepted_at - sent_at > 5000 and accepted_at - sent_at <= 10000 then 1 else 0 end as took_10, \
            case when accepted_at - sent_at > 10000 and accepted_at - sent_at <= 15000 then 1 else 0 end as took_15, \
            case when accepted_at - sent_at > 15000 and accepted_at - sent_at <= 20000 then 1 else 0 end as took_20, \
            case when accepted_at - sent_at > 20000 and accepted_at - sent_at <= 30000 then 1 else 0 end as took_30, \
            case when accepted_at - sent_at > 30000 and accepted_at - sent_at <= 45000 then 1 else 0 end as took_45, \
            case when accepted_at - sent_at > 45000 and accepted_at - sent_at <= 60000 then 1 else 0 end as took_60, \
            case when accepted_at - sent_at > 60000 and accepted_at - sent_at <= 90000 then 1 else 0 end as took_90, \
            case when accepted_at - sent_at > 90000 and accepted_at - sent_at <= 120000 then 1 else 0 end as took_120, \
            case when accepted_at - sent_at > 120000 and accepted_at - sent_at <= 180000 then 1 else 0 end as took_180, \
            case when accepted_at - sent_at > 180000 and accepted_at - sent_at <= 240000 then 1 else 0 end as took_240, \
            case when accepted_at - sent_at > 240000 and accepted_at - sent_at <= 300000 then 1 else 0 end as took_300, \
            case when accepted_at - sent_at > 300000 and accepted_at - sent_at <= 600000 then 1 else 0 end as took_600, \
            case when accepted_at - sent_at > 600000 and accepted_at - sent_at <= 1800000 then 1 else 0 end as took_1800 \
            from orders where placed_at >= $1 and placed_at < $2"
        }
        Source::Unserved => {
            "select coalesce(zone, '') as zone, outcome as why, 1 as unserved from orders \
            where placed_at >= $1 and placed_at < $2 and outcome in ('D80', 'D81', 'D83') \
            union all select coalesce(zone, ''), 'refused', 1 from orders \
            where placed_at >= $1 and placed_at < $2 and status = 'cancelled' and refused_by <> '' \
            union all select '', cast(disposition as text), 1 from wrap_ups \
            where saved_at >= $1 and saved_at < $2 and disposition in (70, 71)"
        }
        Source::Blocked => {
            "select substr(phone, 1, 3) || '****' || substr(phone, length(phone) - 3) as caller, 1 as hits \
            from block_hits where at >= $1 and at < $2"
        }
        Source::Tickets => {
            "select kind as topic, coalesce(branch, 0) as branch, 1 as opened, case when closed_at is not null then 1 else 0 end as closed, \
            case when escalated > 0 then 1 else 0 end as overdue, case when told = 'nobody' then 1 else 0 end as untold, \
            case when closed_at is not null then closed_at - at else 0 end as close_ms from tickets where at >= $1 and at < $2"
        }
        Source::Offers => {
            "select o.branch as branch, d.kind as discount, case when d.kind = 'credit' then '' else d.subject end as subject, 1 as used, d.amount_fen as off_fen \
            from orders as o join order_discounts as d on d.order_id = o.id \
            where o.placed_at >= $1 and o.placed_at < $2 and o.status <> 'cancelled'"
        }
        Source::Guests => {
            "select (o.placed_at - $1) / 900000 as slot, 1 as guest_orders, \
            case when exists (select 1 from orders as b where b.phone = o.phone and b.placed_at < o.placed_at) then 0 else 1 end as first_orders, \
            case when o.member is not null then 1 else 0 end as member_orders, o.pay_fen as guest_fen, \
            case when o.member is not null then o.pay_fen else 0 end as member_fen \
            from orders as o where o.placed_at >= $1 and o.placed_at < $2 and o.status <> 'cancelled'"
        }
        Source::Quality => {
            "select trunk, 1 as spoken, one_way, no_keys, case when packets_lost * 100 > packets_in + packets_lost then 1 else 0 end as lossy, \
            packets_in, packets_lost from calls where arrived_at >= $1 and arrived_at < $2 and answered_at is not null"
        }
        Source::Plans => {
            "select s.agent as agent, s.until_at - s.from_at as planned_ms, \
            coalesce((select sum(case when p.until_at < s.until_at then p.until_at else s.until_at end \
                - case when p.from_at > s.from_at then p.from_at else s.from_at end) from agent_presence as p \
                where p.agent = s.agent and p.from_at < s.until_at and p.until_at > s.from_at), 0) as in_plan_ms \
            from (select agent, case when from_at > $1 then from_at else $1 end as from_at, case when until_at < $2 then until_at else $2 end as until_at \
                from planned_shifts where from_at < $2 and until_at > $1) as s"
        }
        Source::Shifts | Source::Nodes | Source::Funnel => return None,
    })
}

/// What is kept of agents' time, in the columns of its source.
pub(super) const SHIFTS: &str = "select day, agent, ms as signed_in_ms, case when state = 'available' then ms else 0 end as available_ms, \
    case when state = 'ringing' then ms else 0 end as ring_ms, \
    case when state in ('on_call', 'hold', 'outbound') then ms else 0 end as busy_in_call_ms, \
    case when state = 'wrap_up' then ms else 0 end as wrap_up_ms, case when state = 'break' then ms else 0 end as break_ms, \
    case when state in ('not_ready', 'not_responding') then ms else 0 end as away_ms from agent_times where state <> 'offline'";
