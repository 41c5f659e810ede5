//! What the figures should be: goals, which fail the run and do not depend on the machine, and aims, which are told.

use chimera_benches::load::Cost;

/// The highest cost of one call: flushes by one caller, rows by any number of callers.
const GOALS: [Goal; 5] = [
    Goal { skill: "publish", flushes: 2.0, rows: 14.0 },
    Goal { skill: "engage", flushes: 2.0, rows: 20.0 },
    Goal { skill: "engage, limited", flushes: 3.0, rows: 22.0 },
    Goal { skill: "propose", flushes: 1.0, rows: 6.0 },
    Goal { skill: "propose again", flushes: 0.0, rows: 0.0 },
];

struct Goal {
    skill: &'static str,
    flushes: f64,
    rows: f64,
}

/// Tells whether the goals hold; `false` when one is missed.
pub(crate) fn goals(costs: &[Cost]) -> bool {
    // Every goal is told, the missed ones too.
    GOALS.iter().filter(|goal| !goal.holds(costs)).count() == 0
}

impl Goal {
    fn holds(&self, costs: &[Cost]) -> bool {
        let of_skill = || costs.iter().filter(|cost| cost.name == self.skill);
        let alone = of_skill().next().map_or(f64::INFINITY, Cost::flushes);
        let most = of_skill().map(Cost::rows).fold(0.0, f64::max);
        let (few_flushes, few_rows) = (alone <= self.flushes, most <= self.rows);
        println!(
            "goals: {}: {} flushes a call at 1 caller: {} ({alone:.2}); at most {} rows: {} ({most:.2})",
            self.skill,
            self.flushes,
            word(few_flushes),
            self.rows,
            word(few_rows),
        );
        few_flushes && few_rows
    }
}

const fn word(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// Tells how far the aims are.
pub(crate) fn aims(costs: &[Cost]) {
    let alone = |skill: &str| costs.iter().find(|cost| cost.name == skill);
    let crowd = |skill: &str| costs.iter().rfind(|cost| cost.name == skill);
    let rate = |skill: &str| crowd(skill).map(Cost::rate);
    let like = rate("engage").zip(rate("publish")).map(|(like, post)| like / post);
    at_least("posts/s by 256 callers", 8_000.0, rate("publish"));
    at_most(
        "flushes that half of the posts of one caller wait",
        5.0,
        alone("publish").map(|cost| cost.in_flushes(50)),
    );
    at_least("of publish's calls/s for a like, by 256 callers", 0.8, like);
    at_most("flushes a like of one caller", 2.0, alone("engage").map(Cost::flushes));
    at_least("proposals/s by 256 callers", 10_000.0, rate("propose"));
    at_most("kB written a post by 256 callers", 25.0, crowd("publish").and_then(Cost::written));
    at_most("kB kept a post by 256 callers", 6.0, crowd("publish").map(Cost::kept));
}

fn at_least(what: &str, aim: f64, found: Option<f64>) {
    tell("at least", what, aim, found, found.is_some_and(|found| found >= aim));
}

fn at_most(what: &str, aim: f64, found: Option<f64>) {
    tell("at most", what, aim, found, found.is_some_and(|found| found <= aim));
}

fn tell(bound: &str, what: &str, aim: f64, found: Option<f64>, reached: bool) {
    let found = found.map_or_else(|| "n/a".to_owned(), |found| format!("{found:.2}"));
    println!("aim: {bound} {aim} {what}: {} ({found})", if reached { "reached" } else { "not yet" });
}
