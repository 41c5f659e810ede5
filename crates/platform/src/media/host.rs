//! Which names are on the public internet, by their spelling.
//!
//! A name that is kept for special uses or for private networks means another machine wherever it is asked for. What a public
//! name resolves to is known only to whoever connects.

/// Top-level domains that are not on the public internet.
const NOT_PUBLIC: [&str; 38] = [
    // IANA, *Special-Use Domain Names*: RFC 6761 and 6762, 7686, 9476; `arpa` is for infrastructure, all of it (`home.arpa` of
    // RFC 8375, `in-addr.arpa`, `ip6.arpa`, `resolver.arpa`, `service.arpa`). The names for examples resolve to nothing and are
    // used in documents.
    "localhost",
    "invalid",
    "test",
    "local",
    "onion",
    "alt",
    "arpa",
    // ICANN: for private use for good (2024), and never delegated because of their private use (2018).
    "internal",
    "corp",
    "home",
    "mail",
    // What networks and their tools call themselves: routers, operating systems, Kubernetes, Consul, Nomad, Docker, Tailscale's
    // and others' private networks (forklift#5864, coreruleset#4429, RFC 6762, appendix G).
    "intranet",
    "private",
    "lan",
    "localdomain",
    "localdomain4",
    "localdomain6",
    "domain",
    "workgroup",
    "router",
    "gateway",
    "modem",
    "ap",
    "svc",
    "cluster",
    "pod",
    "kube",
    "k8s",
    "consul",
    "nomad",
    "docker",
    "vpn",
    "priv",
    // Networks over the internet, whose names no resolver of the internet knows.
    "gnu",
    "i2p",
    "exit",
    "zkey",
    "bit",
];

/// Names within public zones that mean a machine nearby: metadata services (openclaw#16197), a router, loopback
/// (ToolJet#16662, coreruleset#4429).
const NEARBY: [&str; 9] = [
    "metadata.goog",
    "metadata.azure.com",
    "metadata.amazonaws.com",
    "metadata.tencentyun.com",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "fritz.box",
    "localtest.me",
    "lvh.me",
];

/// Why a name, in ASCII and lower case as a URL parser gives it, is refused; `None` when it may be public.
pub(super) fn refused_name(name: &str) -> Option<&'static str> {
    // One dot at the end makes a name absolute.
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels: Vec<&str> = name.split('.').collect();
    let fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if name.len() > 253 || !labels.iter().all(fits) {
        return Some("its host is no name of the internet");
    }
    let top = labels.last().copied().unwrap_or_default();
    let is_nearby =
        |zone: &&str| name.strip_suffix(*zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let nearby = labels.len() < 2 || NOT_PUBLIC.contains(&top) || NEARBY.iter().any(is_nearby);
    nearby.then_some("its host is a name inside a private network, or one kept for special uses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_public() {
        for (name, accepted) in [
            ("cdn.example.com", true),
            ("cdn.example.com.", true),
            ("h.example", true),
            ("xn--bcher-kva.example", true),
            ("my_bucket.s3.amazonaws.com", true),
            ("a--b.example.com", true),
            // Public names that hold one of the words, or end like one.
            ("home.example.com", true),
            ("mycorp.com", true),
            ("internal.example.com", true),
            ("www.test.de", true),
            ("svc.io", true),
            ("consul.io", true),
            ("gateway.pinata.cloud", true),
            ("notlocaltest.me", true),
            ("media.box", true),
            ("onion.com", true),
            ("vpn.net", true),
            // X7.
            ("app.default.svc", false),
            ("db.service.consul", false),
            ("files.corp", false),
            ("nas.home", false),
            ("abcdef.onion", false),
            ("a.test", false),
            ("a.invalid", false),
            ("1.0.0.10.in-addr.arpa", false),
            ("1.0.ip6.arpa", false),
            (".", false),
            // RFC 6761, 6762, 8375, 9476, and ICANN.
            ("localhost", false),
            ("a.localhost", false),
            ("printer.local", false),
            ("nas.home.arpa", false),
            ("arpa", false),
            ("wallet.alt", false),
            ("metadata.google.internal", false),
            ("host.docker.internal", false),
            ("smtp.mail", false),
            // forklift#5864, coreruleset#4429.
            ("kubernetes.default.svc.cluster.local", false),
            ("localhost.localdomain", false),
            ("web.kube", false),
            ("site.i2p", false),
            ("localhost.", false),
            ("nas.home.", false),
            // openclaw#16197, ToolJet#16662.
            ("metadata.goog", false),
            ("a.metadata.goog", false),
            ("fritz.box", false),
            ("10.localtest.me", false),
            // Labels.
            ("", false),
            ("..", false),
            ("a..b", false),
            (".example.com", false),
            ("cdn.example.com..", false),
            ("a,b.example.com", false),
            ("a;b.example.com", false),
            ("a{b}.example.com", false),
            ("intranet", false),
        ] {
            assert_eq!(refused_name(name).is_none(), accepted, "{name}");
        }
        // A name that was delegated since is public, and has to leave the list. These two stand in the public suffix list.
        for top in NOT_PUBLIC.iter().filter(|top| !["arpa", "onion"].contains(top)) {
            assert!(chimera_text::links(&format!("site.{top}")).is_empty(), "{top}");
        }
        let label = "a".repeat(63);
        let long = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(long.len(), 253);
        assert_eq!(refused_name(&long), None);
        assert!(refused_name(&format!("a{long}")).is_some());
        assert!(refused_name(&format!("a{label}.example.com")).is_some());
    }
}
