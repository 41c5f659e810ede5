//! It never acts (PRO-09): nothing that could is in reach.

use std::collections::BTreeSet;
use std::process::Command;

use chimera_testkit::finished;

/// What could act, and what could reach the outside by itself.
const BEYOND: [&str; 9] = [
    "chimera-effect",
    "chimera-platform",
    "chimera-mcp",
    "chimera-skill-publish",
    "chimera-skill-engage",
    "tokio",
    "rmcp",
    "reqwest",
    "rusqlite",
];

fn reach(package: &str) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| env!("CARGO").to_owned());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let mut command = Command::new(cargo);
    command.args(["tree", "-e", "normal", "--prefix", "none", "--format", "{p}", "-p", package]).args([
        "--offline",
        "--locked",
        "--color",
        "never",
        "--manifest-path",
        manifest,
    ]);
    let output = finished("cargo", &mut command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn no_platform_is_in_reach() {
    let reached = reach("chimera-skill-propose");
    assert!(reached.contains("chimera-contracts"), "{reached:?}");
    let found: Vec<_> = BEYOND.into_iter().filter(|name| reached.contains(*name)).collect();
    assert!(found.is_empty(), "chimera-skill-propose reaches {found:?}");
}

#[test]
fn what_is_looked_for_would_be_found() {
    let reached = reach("chimera-skill-publish");
    assert!(["chimera-effect", "chimera-platform"].iter().all(|name| reached.contains(*name)), "{reached:?}");
}
