//! Lists of addresses and URLs that must not be fetched.

use std::net::IpAddr;

use chimera_harness::{Case, Judged, Kind, Published, has};
use chimera_platform::media::{MediaUrl, is_public_address};

const KINDS: &[Kind] = &[
    ("URLs to refuse", |case| has(&case.value, &["url", "derived_expect"]), judge_url),
    ("addresses", |case| has(&case.value, &["address", "flags", "global"]), judge_address),
];

fn judge_url(case: &Case) -> Judged {
    let expected = case.value["derived_expect"].as_str().unwrap_or_default();
    let Some(url) = case.value["url"].as_str().filter(|_| expected == "refuse") else {
        return Judged::NotCovered(format!("`{expected}`"));
    };
    // The same host behind the scheme that is allowed, too.
    let secure = url.replacen("http://", "https://", 1);
    let taken: Vec<_> = [url, &secure].into_iter().filter(|url| MediaUrl::parse(url).is_ok()).collect();
    Judged::equal(&taken, &Vec::new())
}

/// std calls multicast and site-local addresses global, and what the registries keep for special purposes too: an address
/// that it does not call global is refused, and so may others be.
fn judge_address(case: &Case) -> Judged {
    let address: Option<IpAddr> = case.value["address"].as_str().and_then(|address| address.parse().ok());
    let Some(address) = address else { return Judged::NotCovered("what is no address".to_owned()) };
    if case.value["global"] == false || address.is_multicast() {
        return Judged::equal(&is_public_address(address), &false);
    }
    if is_public_address(address) {
        Judged::Passed
    } else {
        Judged::NotCovered("stricter than std".to_owned())
    }
}

#[test]
fn published_addresses_that_must_not_be_fetched() {
    let Some(published) = Published::find("url-ssrf") else { return };
    published.judge_all(KINDS);
}
