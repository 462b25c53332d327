//! Where a token may go: exact origins, over a channel nobody else reads.

/// Splits an absolute URL, as a browser's `URL.href` has it, into its origin and the rest.
fn split(url: &str) -> Option<(&str, &str)> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| url.starts_with(*scheme))?;
    let after = url.get(scheme.len()..)?;
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let authority = after.get(..end)?;
    if authority.is_empty() || authority.contains(['@', '\\']) {
        return None;
    }
    let at = scheme.len() + end;
    Some((url.get(..at)?, url.get(at..)?))
}

/// The origin of an absolute http or https URL; none for anything else, and none with user info.
#[must_use]
pub fn of(url: &str) -> Option<&str> {
    split(url).map(|(origin, _)| origin)
}

/// Whether what is sent there stays secret on the way: https, or http to this very machine.
///
/// `localhost`, `*.localhost` (RFC 6761 §6.3) and loopback addresses are potentially trustworthy
/// (W3C Secure Contexts §3.1).
#[must_use]
pub fn is_trustworthy(url: &str) -> bool {
    let Some(origin) = of(url) else { return false };
    let Some(authority) = origin.strip_prefix("http://") else { return true };
    if authority == "[::1]" || authority.starts_with("[::1]:") {
        return true;
    }
    let host = authority.split([':']).next().unwrap_or(authority);
    let is_loopback = host.starts_with("127.")
        && host.split(['.']).count() == 4
        && host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    host == "localhost" || host.ends_with(".localhost") || is_loopback
}

/// Whether `url` lies at `origin`, below `path_prefix` on a segment boundary.
#[must_use]
pub fn matches(url: &str, origin: &str, path_prefix: Option<&str>) -> bool {
    let Some((of_url, rest)) = split(url) else { return false };
    if of_url != origin {
        return false;
    }
    let Some(prefix) = path_prefix else { return true };
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    match path.strip_prefix(prefix) {
        Some(below) => (below.is_empty() || below.starts_with('/')) && !climbs(path),
        None => false,
    }
}

/// Whether a path has a `..` that a browser leaves in it (URL Standard §4.4) and that a server may follow
/// all the same: beside a slash that is encoded, or with a parameter.
fn climbs(path: &str) -> bool {
    let mut plain = String::new();
    let mut pieces = path.split(['%']);
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (character, rest) = match piece.get(..2) {
            Some("2e" | "2E") => ('.', piece.get(2..)),
            Some("2f" | "2F" | "5c" | "5C") => ('/', piece.get(2..)),
            _ => ('%', Some(piece)),
        };
        plain.push(character);
        plain.push_str(rest.unwrap_or_default());
    }
    plain.split(['/']).any(|segment| segment.split([';']).next() == Some(".."))
}

/// The URL without query and fragment, as it may be shown in events.
#[must_use]
pub fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t14_only_https_and_this_machine_are_trustworthy() {
        for (url, trusted) in [
            ("https://api.example.com/x", true),
            ("http://api.example.com/x", false),
            ("http://localhost:8080/", true),
            ("http://app.bank.localhost:8080/", true),
            ("http://127.0.0.1:9/", true),
            ("http://[::1]:9/", true),
            ("http://localhost.evil.test/", false),
            ("http://evillocalhost/", false),
            ("http://127.0.0.1.evil.test/", false),
            ("http://127.evil.test.1/", false),
            ("https://user@api.example.com/", false),
            ("ftp://localhost/", false),
            ("javascript:alert(1)", false),
            ("", false),
        ] {
            assert_eq!(is_trustworthy(url), trusted, "{url}");
        }
    }

    #[test]
    fn t14_a_look_alike_origin_is_another_origin() {
        let api = "https://api.example.com";
        for (url, prefix, matched) in [
            ("https://api.example.com/transfers", None, true),
            ("https://api.example.com", None, true),
            ("https://api.example.com?x", None, true),
            ("https://api.example.com.evil.test/transfers", None, false),
            ("https://api.example.com:8443/transfers", None, false),
            ("https://api.example.com@evil.test/", None, false),
            ("http://api.example.com/transfers", None, false),
            ("https://evil.test/https://api.example.com/", None, false),
            ("https://api.example.com/v1/transfers", Some("/v1"), true),
            ("https://api.example.com/v1", Some("/v1/"), true),
            ("https://api.example.com/v1?x=/v2", Some("/v1"), true),
            ("https://api.example.com/v10/transfers", Some("/v1"), false),
            ("https://api.example.com/?/v1", Some("/v1"), false),
            // As `URL.href` has them: whatever is written otherwise is none of ours.
            ("https://api.example.com./v1", None, false),
            ("https://API.example.com/v1", None, false),
            ("HTTPS://api.example.com/v1", None, false),
            ("https://api.example.com:443/v1", None, false),
            ("https://user:secret@api.example.com/v1", None, false),
            ("https://api.example.com\\@evil.test/v1", None, false),
            ("https://api.example.com%2f@evil.test/v1", None, false),
            ("https:/api.example.com/v1", None, false),
            ("https:api.example.com/v1", None, false),
            ("//api.example.com/v1", None, false),
            ("https://xn--pi-fka.example.com/v1", None, false),
            ("https://api.example.com/V1/transfers", Some("/v1"), false),
            ("https://api.example.com//v1/transfers", Some("/v1"), false),
            ("https://api.example.com/%761/transfers", Some("/v1"), false),
            ("https://api.example.com/v1%2Ftransfers", Some("/v1"), false),
        ] {
            assert_eq!(matches(url, api, prefix), matched, "{url} under {prefix:?}");
        }
    }

    #[test]
    fn t14_a_path_that_a_server_may_climb_out_of_is_not_below_the_prefix() {
        let api = "https://api.example.com";
        for (path, below) in [
            ("/v1/a/b", true),
            ("/v1/..a/b..", true),
            ("/v1/a?next=/../b#/../c", true),
            ("/v1/...", true),
            ("/v1/a%2Fb", true),
            ("/v1/../admin", false),
            ("/v1/..", false),
            ("/v1/%2e%2E/admin", false),
            ("/v1/..%2Fadmin", false),
            ("/v1/%2e.%2fadmin", false),
            ("/v1/a%2f..%2f..%2fadmin", false),
            ("/v1/..%5Cadmin", false),
            ("/v1/..;/admin", false),
            ("/v1/..;x=1/admin", false),
        ] {
            let url = [api, path].concat();
            assert_eq!(matches(&url, api, Some("/v1")), below, "{url}");
            // Without a prefix, all of the origin is the API's.
            assert!(matches(&url, api, None), "{url}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_query() {
        assert_eq!(without_query("https://a.test/b?code=1#x"), "https://a.test/b");
    }
}
