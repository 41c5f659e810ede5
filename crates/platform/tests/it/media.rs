//! Lists of addresses and URLs that must not be fetched.

use std::net::IpAddr;

use chimera_platform::media::{MediaUrl, is_public_address};
use serde_json::Value;

use crate::published;

#[test]
fn published_ssrf_payloads_are_refused() {
    let Some(file) = published("url-ssrf/payloadsallthethings/ssrf_urls.jsonl") else { return };
    for line in file.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let url = case["url"].as_str().unwrap();
        // The same host behind the scheme that is allowed, too.
        let secure = url.replacen("http://", "https://", 1);
        if case["derived_expect"] == "refuse" {
            assert!(MediaUrl::parse(url).is_err(), "{url}");
            assert!(MediaUrl::parse(&secure).is_err(), "{secure}");
        }
    }
}

#[test]
fn published_ssrf_addresses_are_judged() {
    let Some(file) = published("url-ssrf/rust-std/ip_properties.json") else { return };
    let cases: Value = serde_json::from_str(&file).unwrap();
    for case in cases["cases"].as_array().unwrap() {
        let address: IpAddr = case["address"].as_str().unwrap().parse().unwrap();
        let flags = case["flags"].as_array().unwrap();
        let said = |flag: &str| flags.iter().any(|other| other == flag);
        // std calls multicast and site-local addresses global, and what the registries keep for special purposes too.
        let refused = case["global"] == false || address.is_multicast();
        if refused {
            assert!(!is_public_address(address), "{address} {case}");
        } else if said("global") && !is_public_address(address) {
            println!("stricter than std: {address}");
        }
    }
}
