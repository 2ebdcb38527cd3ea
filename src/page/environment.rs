//! Whether a key's mode fits the place that a page is served from.

use super::is_one_of;
use crate::{key::Mode, url::is_loopback};

/// Whether a key of this mode is out of place on a page of this host: a live key on a developer's machine moves
/// money, and a test key in production moves none.
///
/// A developer's machine is `localhost` and what ends in it, and the loopback addresses. Production is a public
/// name, none of whose parts says otherwise (`staging.shop.example`, `shop-test.example`). Of addresses, of names without a
/// dot or in a network's own domain, and of no name at all nothing is known.
///
/// ```
/// use keyguard::{Mode, page::is_misplaced};
///
/// assert!(is_misplaced(Mode::Live, "localhost"));
/// assert!(is_misplaced(Mode::Test, "shop.example"));
/// assert!(!is_misplaced(Mode::Test, "staging.shop.example"));
/// ```
pub fn is_misplaced(mode: Mode, host: impl AsRef<[u8]>) -> bool {
    let host = host.as_ref();
    let is_local = is_loopback(host) || host.ends_with(b".localhost");
    match mode {
        Mode::Live => is_local,
        Mode::Test => !is_local && is_public(host),
    }
}

fn is_public(host: &[u8]) -> bool {
    let is_dotted = host.split(|byte| *byte == b'.').nth(1).is_some();
    let is_name = is_dotted && host.last().is_some_and(u8::is_ascii_alphabetic);
    is_name
        && !host
            .split(|byte| matches!(byte, b'.' | b'-'))
            .any(|part| is_one_of(NOT_PRODUCTION, part))
}

/// What people call the places where they try things, and the domains that no public name is in (RFC 6761,
/// RFC 6762, RFC 8375).
const NOT_PRODUCTION: &str =
    "test testing dev stage staging sandbox preview qa uat demo local internal lan home";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_key_is_misplaced_on_a_developers_machine() {
        for host in ["localhost", "127.0.0.1", "[::1]", "shop.localhost"] {
            assert!(is_misplaced(Mode::Live, host), "{host}");
            assert!(!is_misplaced(Mode::Test, host), "{host}");
        }
    }

    #[test]
    fn test_key_is_misplaced_in_production() {
        for host in [
            "shop.example",
            "www.shop.example",
            "latest.example",
            "devon.example",
            "xn--bcher-kva.example",
        ] {
            assert!(is_misplaced(Mode::Test, host), "{host}");
            assert!(!is_misplaced(Mode::Live, host), "{host}");
        }
    }

    #[test]
    fn elsewhere_both_are_in_place() {
        for host in [
            "",
            "shop",
            "192.168.0.7",
            "10.0.0.1",
            "[fe80::1]",
            "test.shop.example",
            "shop-staging.example",
            "my-branch-preview.example",
            "printer.local",
            "shop.test",
            "shop.home.arpa",
            "shop.dev",
        ] {
            for mode in [Mode::Test, Mode::Live] {
                assert!(!is_misplaced(mode, host), "{host}");
            }
        }
    }
}
