//! What each crate may reach: the core knows no runtime, no database and no network, and only two crates know the SDK.

use std::collections::BTreeSet;
use std::process::Command;

use chimera_testkit::finished;
use serde_json::Value;

/// Crates that only say what is to be; they know nothing that could make it so.
const CORE: [&str; 10] = [
    "chimera-text",
    "chimera-contracts",
    "chimera-governance",
    "chimera-audit",
    "chimera-platform",
    "chimera-effect",
    "chimera-skill-propose",
    "chimera-skill-engage",
    "chimera-skill-publish",
    "chimera-store",
];

/// What the core never reaches, however indirectly.
const OUTSIDE: [&str; 7] = ["tokio", "rusqlite", "libsqlite3-sys", "sqlx", "rmcp", "reqwest", "hyper"];

fn cargo(arguments: &[&str]) -> Result<String, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| env!("CARGO").to_owned());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let mut command = Command::new(cargo);
    command.args(arguments).args(["--offline", "--locked", "--color", "never", "--manifest-path", manifest]);
    let output = finished("cargo", &mut command);
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The names of everything that a crate links, itself included.
fn reach(package: &str) -> Result<BTreeSet<String>, String> {
    let tree = cargo(&["tree", "-e", "normal", "--prefix", "none", "--format", "{p}", "-p", package])?;
    let name = |line: &str| line.split(' ').next().map(str::to_owned);
    Ok(tree.lines().filter_map(name).filter(|name| !name.is_empty()).collect())
}

#[test]
fn the_core_reaches_no_runtime_no_database_and_no_network() {
    for package in CORE {
        let reached = reach(package).unwrap();
        assert!(reached.contains(package), "{package} is not in its own tree: {reached:?}");
        let strange: Vec<_> = OUTSIDE.into_iter().filter(|name| reached.contains(*name)).collect();
        assert!(strange.is_empty(), "{package} reaches {strange:?}");
    }
}

/// Three crates share it, so it rests on none, and no pattern of it is compiled at run time.
#[test]
fn text_reaches_no_other_crate_of_ours_and_no_patterns() {
    let reached = reach("chimera-text").unwrap();
    let ours: Vec<_> = reached.iter().filter(|name| name.starts_with("chimera-")).collect();
    assert_eq!(ours, ["chimera-text"]);
    let patterns: Vec<_> = reached.iter().filter(|name| name.starts_with("regex")).collect();
    assert!(patterns.is_empty(), "{patterns:?}");
}

/// It proposes and never acts: no way leads from it to anything that could (PRO-09).
#[test]
fn proposing_reaches_nothing_that_acts() {
    let reached = reach("chimera-skill-propose").unwrap();
    for strange in ["chimera-effect", "chimera-platform", "chimera-skill-engage", "chimera-skill-publish"] {
        assert!(!reached.contains(strange), "{strange}");
    }
}

/// The skills do not know each other.
#[test]
fn no_skill_reaches_another() {
    let skills = ["chimera-skill-propose", "chimera-skill-engage", "chimera-skill-publish"];
    for skill in skills {
        let reached = reach(skill).unwrap();
        let others: Vec<_> =
            skills.into_iter().filter(|other| *other != skill && reached.contains(*other)).collect();
        assert_eq!(others, Vec::<&str>::new(), "{skill}");
    }
}

#[test]
fn what_is_looked_for_would_be_found() {
    for (package, reached) in
        [("chimera-mcp", ["tokio", "rmcp"]), ("chimera-store-sqlite", ["rusqlite", "libsqlite3-sys"])]
    {
        let tree = reach(package).unwrap();
        assert!(reached.iter().all(|name| tree.contains(*name)), "{package}: {tree:?}");
    }
    let missing = reach("chimera-no-such-crate").unwrap_err();
    assert!(missing.contains("chimera-no-such-crate"), "{missing}");
}

#[test]
fn only_the_transport_and_the_sandbox_name_the_sdk() {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]).unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names = |package: &Value| package["name"].as_str().unwrap().to_owned();
    let all: BTreeSet<String> = packages.iter().map(names).collect();
    assert!(CORE.iter().all(|name| all.contains(*name)), "{all:?}");
    let depends = |package: &&Value| {
        let dependencies = package["dependencies"].as_array().unwrap();
        dependencies.iter().any(|dependency| dependency["name"] == "rmcp")
    };
    let found: BTreeSet<String> = packages.iter().filter(depends).map(names).collect();
    assert_eq!(found, BTreeSet::from(["chimera-mcp".to_owned(), "chimera-sandbox".to_owned()]));
}
