//! Erlang's two formulas: how many lines let nobody hear "busy" (B), how many people answer in time (C). Both assume
//! callers who arrive independently; C also assumes that nobody gives up, so that it is a guide, not a promise.

/// The work of a span: `calls` in `interval_s`, each keeping somebody busy for `handling_s`; in erlangs.
#[must_use]
pub fn traffic(calls: f64, handling_s: f64, interval_s: f64) -> f64 {
    if interval_s <= 0.0 { 0.0 } else { calls * handling_s / interval_s }
}

/// The share of attempts that find all `lines` busy, with `erlangs` of traffic.
#[must_use]
pub fn blocking(erlangs: f64, lines: u32) -> f64 {
    // B(0) = 1; B(k) = A·B(k−1) / (k + A·B(k−1)): no factorials, nothing overflows.
    (1..=lines).fold(1.0, |before, line| erlangs * before / (f64::from(line) + erlangs * before))
}

/// The fewest lines with a share of refused attempts below `most`.
#[must_use]
pub fn lines_for(erlangs: f64, most: f64) -> u32 {
    (1..=100_000).find(|lines| blocking(erlangs, *lines) < most).unwrap_or(100_000)
}

/// What so many agents can do with so much work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Service {
    pub agents: u32,
    /// The share of callers who have to wait at all.
    pub wait_share: f64,
    /// The share answered within the time asked for.
    pub in_time: f64,
    /// The average wait of all callers, in seconds.
    pub average_wait_s: f64,
    /// How much of their time agents are busy.
    pub occupancy: f64,
}

/// What `agents` do with `erlangs` of calls of `handling_s`, asked for answers within `within_s`; none when the work is
/// more than they can ever do: the line would grow without end.
#[must_use]
pub fn service(erlangs: f64, handling_s: f64, agents: u32, within_s: f64) -> Option<Service> {
    let people = f64::from(agents);
    if erlangs >= people || handling_s <= 0.0 {
        return None;
    }
    let blocked = blocking(erlangs, agents);
    let wait_share = people * blocked / (people - erlangs * (1.0 - blocked));
    Some(Service {
        agents,
        wait_share,
        in_time: 1.0 - wait_share * (-(people - erlangs) * within_s / handling_s).exp(),
        average_wait_s: wait_share * handling_s / (people - erlangs),
        occupancy: erlangs / people,
    })
}

/// The fewest agents that answer the share `target` within `within_s`.
#[must_use]
pub fn agents_for(erlangs: f64, handling_s: f64, target: f64, within_s: f64) -> Option<Service> {
    let least = (erlangs.max(0.0).floor() as u32).saturating_add(1);
    (least..least.saturating_add(10_000))
        .filter_map(|agents| service(erlangs, handling_s, agents, within_s))
        .find(|done| done.in_time >= target)
}

/// How many must be on the payroll when the share `shrinkage` of paid time is breaks, training and illness.
#[must_use]
pub fn rostered(agents: u32, shrinkage: f64) -> u32 {
    // A tenth of a rounding error must not cost a person.
    (f64::from(agents) / (1.0 - shrinkage.clamp(0.0, 0.9)) - 1e-9).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::{agents_for, blocking, lines_for, rostered, service, traffic};

    fn close(found: f64, wanted: f64, by: f64) {
        assert!((found - wanted).abs() <= by, "{found} is not {wanted}");
    }

    #[test]
    fn c103_erlang_c_gives_the_numbers_of_the_handbook() {
        let ten = traffic(100.0, 180.0, 1800.0);
        close(ten, 10.0, 1e-9);
        let thirteen = service(ten, 180.0, 13, 20.0).unwrap();
        close(thirteen.in_time, 0.7956, 5e-5);
        close(thirteen.average_wait_s, 17.12, 5e-3);
        close(thirteen.occupancy, 0.769, 5e-4);
        let fourteen = service(ten, 180.0, 14, 20.0).unwrap();
        close(fourteen.in_time, 0.8884, 5e-5);
        close(fourteen.average_wait_s, 7.84, 5e-3);
        assert_eq!(agents_for(ten, 180.0, 0.8, 20.0).unwrap().agents, 14);
        let five = traffic(60.0, 150.0, 1800.0);
        close(service(five, 150.0, 8, 20.0).unwrap().in_time, 0.8879, 5e-5);
        let many = traffic(240.0, 210.0, 1800.0);
        close(service(many, 210.0, 32, 20.0).unwrap().in_time, 0.7520, 5e-5);
        close(service(many, 210.0, 33, 20.0).unwrap().in_time, 0.8315, 5e-5);
        assert_eq!(agents_for(many, 210.0, 0.8, 20.0).unwrap().agents, 33);
    }

    #[test]
    fn c103_erlang_b_gives_the_numbers_of_the_handbook() {
        close(blocking(10.0, 18), 0.00714, 5e-6);
        close(blocking(20.0, 30), 0.00846, 5e-6);
        assert_eq!((lines_for(10.0, 0.01), lines_for(20.0, 0.01)), (18, 30));
        assert_eq!(lines_for(0.0, 0.01), 1);
    }

    #[test]
    fn c103_too_few_agents_are_told_as_not_stable() {
        assert_eq!(service(10.0, 180.0, 10, 20.0), None);
        assert_eq!(service(1.0, 0.0, 10, 20.0), None);
        // Nobody calls: one person is there.
        assert_eq!(agents_for(0.0, 180.0, 0.8, 20.0).unwrap().agents, 1);
    }

    #[test]
    fn c103_shrinkage_is_added_on_top() {
        assert_eq!((rostered(14, 0.3), rostered(14, 0.0), rostered(1, 2.0)), (20, 14, 10));
    }
}
