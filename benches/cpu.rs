//! How long the processors worked for this process, all of its threads together. Unlike the time on the wall it does not
//! grow while a neighbour holds a core.

use std::fs;
use std::time::Duration;

/// Clock ticks a second, as Linux counts the time of processes for user space on every architecture (`USER_HZ`).
const TICKS: u64 = 100;

/// The time since the process began; `None` where the system does not tell.
#[must_use]
pub fn used() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the process stands in brackets and may hold blanks; `utime` and `stime` are the 12th and 13th after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis(ticks()?.saturating_add(ticks()?) * 1_000 / TICKS))
}

#[cfg(test)]
mod tests {
    use super::used;

    #[test]
    fn it_grows_with_work() {
        let Some(before) = used() else { return };
        let mut sum = 0_u64;
        while used() == Some(before) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(1));
        }
        assert!(used() > Some(before), "{sum}");
    }
}
