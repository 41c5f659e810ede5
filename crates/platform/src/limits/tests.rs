//! The rule under clocks that stand still, go, step back and jump.

use proptest::prelude::*;

use super::*;

const WINDOW: i64 = 60;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::seconds(seconds)
}

fn limit(count: u32) -> RateLimit {
    RateLimit { count, window: TimeDelta::seconds(WINDOW) }
}

fn log(seconds: &[i64]) -> Vec<TakenPermit> {
    let number = |index: usize| Uuid::from_u128(1_000 + index as u128);
    seconds.iter().enumerate().map(|(index, at_)| TakenPermit { by: number(index), at: at(*at_) }).collect()
}

#[test]
fn a_permit_is_taken_or_waited_for() {
    use Permit::{Taken, Wait};

    for (taken, count, now, permit, kept) in [
        (&[][..], 2, 0, Taken { used: 1 }, &[0][..]),
        (&[0], 2, 0, Taken { used: 2 }, &[0, 0]),
        (&[0, 1], 2, 59, Wait { until: at(60) }, &[0, 1]),
        (&[0, 1], 2, 60, Taken { used: 2 }, &[1, 60]),
        (&[0, 1], 2, 61, Taken { used: 1 }, &[61]),
        // The clock stepped back: what was taken counts on, and the log keeps its order.
        (&[50], 2, 0, Taken { used: 2 }, &[50, 50]),
        (&[50, 50], 2, 0, Wait { until: at(110) }, &[50, 50]),
        // It was far ahead: two windows from now, and no longer.
        (&[9_000, 9_000], 2, 0, Wait { until: at(120) }, &[60, 60]),
        (&[-9_000, 9_000], 2, 0, Taken { used: 2 }, &[60, 60]),
        // The limit was lowered: as many as are too many have to end, and none is forgotten meanwhile.
        (&[0, 1, 2, 3], 2, 10, Wait { until: at(62) }, &[0, 1, 2, 3]),
        (&[0, 1, 2, 3], 5, 10, Taken { used: 5 }, &[0, 1, 2, 3, 10]),
    ] {
        let (found, log) = take(&log(taken), limit(count), Uuid::from_u128(1), at(now));
        assert_eq!(found, permit, "{taken:?} {count} {now}");
        let times: Vec<_> = log.iter().map(|permit| permit.at).collect();
        assert_eq!(times, kept.iter().map(|kept| at(*kept)).collect::<Vec<_>>(), "{taken:?} {count} {now}");
    }
}

#[test]
fn asking_again_takes_nothing_more() {
    let (by, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let (_, first) = take(&[], limit(1), by, at(0));
    assert_eq!(take(&first, limit(1), by, at(59)), (Permit::Taken { used: 1 }, first.clone()));
    assert_eq!(take(&first, limit(1), other, at(59)).0, Permit::Wait { until: at(60) });
    // Its permit ended: it is one among others again.
    let (_, second) = take(&first, limit(1), other, at(60));
    assert_eq!(take(&second, limit(1), by, at(61)).0, Permit::Wait { until: at(120) });
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let far = RateLimit { count: 1, window: TimeDelta::MAX };
    for now in [DateTime::<Utc>::MIN_UTC, at(0), DateTime::<Utc>::MAX_UTC] {
        let (permit, log) = take(&[], far, Uuid::from_u128(1), now);
        assert_eq!(permit, Permit::Taken { used: 1 });
        let _ = take(&log, far, Uuid::from_u128(2), now);
    }
}

/// One step of a history: real time that passes, and by how much the clock falls back against it.
#[derive(Clone, Copy, Debug)]
struct Passing {
    real: i64,
    falls: i64,
}

/// Somebody who asks again and again, each time for something new.
#[derive(Default)]
struct Asker {
    permits: Vec<TakenPermit>,
    real: i64,
    /// How far the clock is ahead of real time.
    ahead: i64,
    asked: u128,
}

impl Asker {
    /// Asks at every step; gives the real times at which a permit was taken.
    fn ask(&mut self, count: u32, steps: &[Passing]) -> Vec<i64> {
        let mut taken = Vec::new();
        for step in steps {
            self.real += step.real;
            self.ahead -= step.falls;
            self.asked += 1;
            let (by, now) = (Uuid::from_u128(self.asked), at(self.real + self.ahead));
            let (permit, kept) = take(&self.permits, limit(count), by, now);
            assert!(kept.len() <= count as usize, "the log is bounded");
            self.permits = kept;
            taken.extend(matches!(permit, Permit::Taken { .. }).then_some(self.real));
        }
        taken
    }
}

fn within_the_limit(taken: &[i64], count: u32) -> bool {
    taken.windows(count as usize + 1).all(|some| some[count as usize] - some[0] >= WINDOW)
}

fn steps() -> impl Strategy<Value = Vec<Passing>> {
    let falls = prop_oneof![8 => Just(0), 2 => 0..200_i64, 1 => 0..100_000_i64];
    let step = (0..40_i64, falls).prop_map(|(real, falls)| Passing { real, falls });
    prop::collection::vec(step, 0..120)
}

proptest! {
    #[test]
    fn no_window_of_real_time_holds_more_however_the_clock_falls_back(count in 1..6_u32, steps in steps()) {
        let taken = Asker::default().ask(count, &steps);
        prop_assert!(within_the_limit(&taken, count), "{taken:?}");
    }

    #[test]
    fn between_two_jumps_forward_no_window_holds_more(
        count in 1..6_u32,
        parts in prop::collection::vec((0..100_000_i64, steps()), 1..5),
    ) {
        let mut asker = Asker::default();
        for (jump, steps) in parts {
            asker.ahead += jump;
            let taken = asker.ask(count, &steps);
            prop_assert!(within_the_limit(&taken, count), "{taken:?}");
        }
    }

    #[test]
    fn every_wait_ends(
        times in prop::collection::vec(-100_000..100_000_i64, 0..12),
        count in 1..6_u32,
        now in -100_000..100_000_i64,
    ) {
        let (permit, kept) = take(&log(&times), limit(count), Uuid::from_u128(1), at(now));
        if let Permit::Wait { until } = permit {
            prop_assert!(until > at(now) && until <= at(now + 2 * WINDOW));
            let (then, _) = take(&kept, limit(count), Uuid::from_u128(1), until);
            prop_assert!(matches!(then, Permit::Taken { .. }), "{then:?}");
            let (before, _) = take(&kept, limit(count), Uuid::from_u128(1), until - TimeDelta::nanoseconds(1));
            prop_assert_eq!(before, Permit::Wait { until });
        } else {
            prop_assert!(kept.iter().any(|permit| permit.by == Uuid::from_u128(1)));
        }
    }
}
