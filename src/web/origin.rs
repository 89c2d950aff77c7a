//! Which page asks: cookies and sockets are for our own pages only.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

use super::Web;
use super::problem::{Answer, Problem};

/// Lets only requests on whose `Origin` is ours.
///
/// # Errors
/// `foreign-origin` for another, `null`, or none.
pub fn must_be_ours(web: &Web, headers: &HeaderMap) -> Answer<()> {
    if headers.contains_key(ORIGIN) {
        return if_any_ours(web, headers);
    }
    Err(foreign())
}

/// Lets requests on that have no `Origin` (they come from no page), or ours.
///
/// # Errors
/// `foreign-origin` for another, or `null`.
pub fn if_any_ours(web: &Web, headers: &HeaderMap) -> Answer<()> {
    let mut all = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (all.next(), all.next()) else {
        return if headers.contains_key(ORIGIN) { Err(foreign()) } else { Ok(()) };
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    match origin.to_str() {
        Ok(origin) if is_ours(origin, web.secure, host, &web.settings.origins) => Ok(()),
        _ => Err(foreign()),
    }
}

fn foreign() -> Problem {
    Problem::new("foreign-origin", "this comes from a page that is not ours; see web.origins")
}

/// Whether `origin` is the page that `host` serves, or one of `allowed`.
fn is_ours(origin: &str, secure: bool, host: &str, allowed: &[String]) -> bool {
    if allowed.iter().any(|one| one.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let scheme = if secure { "https://" } else { "http://" };
    let port = if secure { ":443" } else { ":80" };
    let Some(named) = origin.strip_prefix(scheme) else { return false };
    let bare = |name: &str| name.strip_suffix(port).unwrap_or(name).to_ascii_lowercase();
    !host.is_empty() && bare(named) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_the_page_of_the_same_host_is_ours() {
        let none: [String; 0] = [];
        for (origin, secure, host) in [
            ("http://127.0.0.1:8080", false, "127.0.0.1:8080"),
            ("https://hotline.example", true, "hotline.example"),
            ("https://hotline.example", true, "hotline.example:443"),
            ("http://LOCALHOST:8080", false, "localhost:8080"),
            ("http://[::1]:8080", false, "[::1]:8080"),
        ] {
            assert!(is_ours(origin, secure, host, &none), "{origin} on {host}");
        }
        for (origin, secure, host) in [
            ("null", false, "127.0.0.1:8080"),
            ("", false, "127.0.0.1:8080"),
            ("http://", false, ""),
            ("http://evil.example", false, "127.0.0.1:8080"),
            ("http://127.0.0.1:8080.evil.example", false, "127.0.0.1:8080"),
            ("http://evil127.0.0.1:8080", false, "127.0.0.1:8080"),
            ("http://127.0.0.1:8081", false, "127.0.0.1:8080"),
            ("https://127.0.0.1:8080", false, "127.0.0.1:8080"),
            ("http://hotline.example", true, "hotline.example"),
            ("http://127.0.0.1:8080/", false, "127.0.0.1:8080"),
            ("http://user@127.0.0.1:8080", false, "127.0.0.1:8080"),
            ("http://127.0.0.1:8080 http://evil.example", false, "127.0.0.1:8080"),
        ] {
            assert!(!is_ours(origin, secure, host, &none), "{origin} on {host}");
        }
        assert!(is_ours("https://wall.example", false, "127.0.0.1:8080", &["https://wall.example".to_owned()]));
    }
}
