//! Which of a request's headers the upstream must not see.

/// What decides whether a header is removed before a request is forwarded.
#[derive(Clone, Copy, Debug)]
pub struct Removal<'a> {
    /// The value of `Connection`, which names more of them (RFC 9110 §7.6.1).
    pub connection: Option<&'a str>,
    /// The value of `Proxy-Connection`, which some senders use in its place (RFC 9112 §C.2.2).
    pub proxy_connection: Option<&'a str>,
    /// Whether the request opens a WebSocket: [`opens_websocket`].
    pub is_websocket: bool,
    /// Whether the upstream gets `Authorization`: an operator's choice.
    pub keeps_authorization: bool,
    /// Whether headers that override method or path go: see [`Forward::removes_overrides`](crate::Forward::removes_overrides).
    pub removes_overrides: bool,
}

impl Removal<'_> {
    /// Whether the header of this name, in any spelling, is removed.
    ///
    /// What is neither a letter nor a digit counts as `-`, since servers that pass headers on as variables (CGI, RFC 3875 §4.1.18) can't
    /// tell such characters apart: `Keyguard_Account` would be read as `Keyguard-Account`.
    ///
    /// ```
    /// use keyguard::headers::Removal;
    ///
    /// let removal = Removal {
    ///     connection: Some("close, X-Trace"),
    ///     proxy_connection: None,
    ///     is_websocket: false,
    ///     keeps_authorization: false,
    ///     removes_overrides: true,
    /// };
    /// assert!(removal.removes("Authorization") && removal.removes("x-trace"));
    /// assert!(removal.removes("KEYGUARD_ACCOUNT") && removal.removes("X-HTTP-Method-Override"));
    /// assert!(!removal.removes("Content-Type"));
    /// ```
    pub fn removes(&self, name: &str) -> bool {
        if name.is_empty() {
            return false;
        }
        let is = |other: &&str| same(name, other);
        if is(&"authorization") {
            return !self.keeps_authorization;
        }
        if self.is_websocket && is(&"upgrade") {
            return false;
        }
        starts_with(name, IDENTITY_PREFIX)
            || HOP_BY_HOP.iter().any(is)
            || (self.removes_overrides && is_override(name))
            || (!says_where_from(name)
                && [self.connection, self.proxy_connection]
                    .into_iter()
                    .flatten()
                    .flat_map(|names| names.split(','))
                    .any(|one| is(&one.trim())))
    }
}

/// Whether a request opens a WebSocket (RFC 6455 §4.1): `Upgrade` asks for it, with GET alone and without a body.
///
/// With any other method `Upgrade` is a hop-by-hop header like the others. Were it to go on, the runtime would make a handshake of the request: the upstream
/// would get a GET without a body, where a POST was judged.
///
/// ```
/// use keyguard::headers::opens_websocket;
///
/// assert!(opens_websocket(Some("WebSocket"), "GET", false));
/// assert!(!opens_websocket(Some("websocket"), "POST", false));
/// ```
pub fn opens_websocket(upgrade: Option<&str>, method: &str, has_body: bool) -> bool {
    let asks = upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"));
    asks && method == "GET" && !has_body
}

/// Whether a header says where a request came from. Proxies on the way add such after the caller's own hop: a caller that names them in `Connection` doesn't
/// speak of its own, and would hide its address.
fn says_where_from(name: &str) -> bool {
    let is = |prefix: &&str| starts_with(name, prefix);
    ["cf-", "forwarded", "true-client-ip", "x-forwarded-", "x-real-ip"].iter().any(is)
}

/// Whether frameworks, proxies or gateways take a header of this name for the method or the path in place of the
/// request's own. There is no list of them all, so it is told by the words that they are made of.
fn is_override(name: &str) -> bool {
    let has =
        |word: &&str| name.char_indices().any(|(at, _)| starts_with(name.split_at(at).1, word));
    OVERRIDING_WORDS.iter().any(has) || OVERRIDES.iter().any(|other| same(name, other))
}

/// Whether two names differ at most by case, and by what stands for `-`.
fn same(name: &str, other: &str) -> bool {
    name.len() == other.len() && starts_with(name, other)
}

fn starts_with(name: &str, prefix: &str) -> bool {
    let folded =
        |byte: u8| if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' };
    name.len() >= prefix.len()
        && name.bytes().zip(prefix.bytes()).all(|(a, b)| folded(a) == folded(b))
}

/// What begins like this says who calls, and the guard alone says it.
const IDENTITY_PREFIX: &str = "keyguard";

/// RFC 9110 §7.6.1, and the older ones that are still sent.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What names of overrides are made of, wherever it stands in them. `SCRIPT_NAME` is what WSGI servers such as gunicorn cut off
/// the path before they route by the rest (PEP 3333).
const OVERRIDING_WORDS: [&str; 16] = [
    "override",
    "rewrite",
    "original-",
    "unencoded-url",
    "invoke-path",
    "matched-path",
    "replaced-path",
    "base-path",
    "pathbase",
    "path-info",
    "script-name",
    "request-path",
    "request-ur",
    "requested-method",
    "http-method",
    "http-verb",
];

/// Overrides whose names hold none of the telling words.
const OVERRIDES: [&str; 8] = [
    "x-forwarded-method",
    "x-forwarded-path",
    "x-forwarded-prefix",
    "x-forwarded-uri",
    "x-forwarded-url",
    "x-method",
    "x-proxy-url",
    "x-verb",
];

/// Whether an id can stand in a header as it is: visible ASCII, at least one character and not too many.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=MAX_ID_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

const MAX_ID_LENGTH: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Removal<'_> = Removal {
        connection: None,
        proxy_connection: None,
        is_websocket: false,
        keeps_authorization: false,
        removes_overrides: true,
    };

    #[test]
    fn identity_headers_are_removed_in_any_spelling() {
        for name in [
            "keyguard-account",
            "Keyguard-Account",
            "KEYGUARD_ACCOUNT",
            "keyguard",
            "Keyguard--x",
            "Keyguard!Account",
        ] {
            assert!(STRICT.removes(name), "{name}");
        }
        assert!(!STRICT.removes("x-keyguard-account"));
        assert!(!STRICT.removes("keyguar"));
    }

    #[test]
    fn rfc_9110_7_6_1_what_connection_names_is_removed() {
        let removal = Removal {
            connection: Some(" Close ,X-One,, x_two"),
            proxy_connection: Some("X-Four"),
            ..STRICT
        };
        assert!(
            removal.removes("x-four")
                && removal.removes("x-one")
                && removal.removes("X-Two")
                && removal.removes("TE")
        );
        assert!(!removal.removes("x-three") && !removal.removes(""));
    }

    #[test]
    fn rfc_9110_7_6_1_nobody_hides_where_a_request_came_from() {
        let names =
            "cf-connecting-ip, CF_Ray, Forwarded, X-Forwarded-For, x_real_ip, True-Client-IP";
        let removal = Removal { connection: Some(names), proxy_connection: Some(names), ..STRICT };
        for name in names.split(", ") {
            assert!(!removal.removes(name), "{name}");
        }
        assert!(removal.removes("X-Forwarded-Prefix"), "an override, whoever names it");
    }

    #[test]
    fn rfc_6455_4_1_upgrade_stays_for_a_websocket_alone() {
        assert!(STRICT.removes("Upgrade"));
        let removal = Removal { is_websocket: true, connection: Some("Upgrade"), ..STRICT };
        assert!(!removal.removes("Upgrade") && removal.removes("Connection"));
    }

    #[test]
    fn rfc_6455_4_1_a_websocket_is_opened_by_get_alone() {
        assert!(opens_websocket(Some("WebSocket"), "GET", false));
        for method in ["POST", "HEAD", "OPTIONS", "get", "Get", ""] {
            assert!(!opens_websocket(Some("websocket"), method, false), "{method}");
        }
        assert!(!opens_websocket(Some("websocket"), "GET", true));
        for other in [None, Some(""), Some("h2c"), Some("websocket, h2c")] {
            assert!(!opens_websocket(other, "GET", false), "{other:?}");
        }
    }

    #[test]
    fn authorization_stays_only_where_the_operator_says_so() {
        assert!(STRICT.removes("AUTHORIZATION") && STRICT.removes("proxy_authorization"));
        let removal =
            Removal { keeps_authorization: true, connection: Some("authorization"), ..STRICT };
        assert!(!removal.removes("authorization"));
    }

    #[test]
    fn overrides_are_removed_for_keys_that_may_not_do_everything() {
        for name in [
            "X_HTTP_Method_Override",
            "X.HTTP.Method.Override",
            "X-HTTP-Override",
            "Http-Method-Override",
            "X-Override-URL",
            "X-HTTP-Path-Override",
            "SCRIPT_NAME",
            "Script-Name",
            "X-Script-Name",
            "X-Forwarded-Script-Name",
            "PATH_INFO",
            "X-Forwarded-PathBase",
            "X-Base-Path",
            "X-Replaced-Path",
            "X-Original-Method",
            "X-Envoy-Original-Dst-Host",
            "Http-Method",
            "X-Requested-Method",
            "X-Verb",
            "Request-Uri",
            "X!Original!URL",
            "X-Method",
            "X-HTTP-Method",
            "X-Original-URL",
            "X-Original-Path",
            "X-Rewrite-URI",
            "X-Request-URI",
            "X-Proxy-URL",
            "X-Waws-Unencoded-Url",
            "X-Envoy-Original-Path",
            "X_Envoy_Original.Path",
            "x.waws-unencoded_url",
            "X-MS-Original-URL",
            "X-Invoke-Path",
            "X-Matched-Path",
            "X-Forwarded-Uri",
            "X-Forwarded-Url",
            "X_Http_Verb",
        ] {
            assert!(STRICT.removes(name), "{name}");
        }
        for name in [
            "Content-Type",
            "X-Request-Id",
            "X-Forwarded-For",
            "X-Requested-With",
            "Idempotency-Key",
            "X-Methods",
        ] {
            assert!(!STRICT.removes(name), "{name}");
        }
        assert!(!Removal { removes_overrides: false, ..STRICT }.removes("X-HTTP-Method-Override"));
    }
}
