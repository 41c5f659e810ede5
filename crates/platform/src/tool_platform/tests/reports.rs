//! What public reports and documentation tell of answers and lists, many to a kind: each row says what the rules allow, with
//! `|` between values that are both safe. A new report is one more row.

mod ids;
mod lists;
mod mixed_signs;
mod names_and_times;
mod refusals;
mod single_posts;
mod texts;

/// Compares what was told with what is allowed, and names every row that differs.
fn check(rows: Vec<(String, String, String)>) {
    let differ = |(_, allowed, told): &(String, String, String)| !allowed.split('|').any(|one| one == told);
    let failing: Vec<_> = rows
        .into_iter()
        .filter(differ)
        .map(|(row, allowed, told)| format!("{row}\n    allowed: {allowed}; told: {told}"))
        .collect();
    assert!(failing.is_empty(), "{} rows:\n{}", failing.len(), failing.join("\n"));
}
