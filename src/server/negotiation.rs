//! Chooses a representation by the `Accept` header (RFC 9110 section 12.5.1).

/// The offer that `accept` likes best; of equals the first offer. `None` when it likes none.
pub(super) fn preferred<'a, T>(accept: &str, offers: &'a [(T, &str)]) -> Option<&'a T> {
    let mut best: Option<(&T, f32)> = None;
    for (offer, media_type) in offers {
        let quality = quality(accept, media_type);
        if quality > best.map_or(0.0, |(_, quality)| quality) {
            best = Some((offer, quality));
        }
    }
    best.map(|(offer, _)| offer)
}

/// The quality that the most specific matching range gives to a media type; 0 without one.
fn quality(accept: &str, media_type: &str) -> f32 {
    let family = media_type.split('/').next().unwrap_or_default();
    let mut best = (0, 0.0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let specificity = if name.eq_ignore_ascii_case(media_type) {
            3
        } else if name
            .strip_suffix("/*")
            .is_some_and(|name| name.eq_ignore_ascii_case(family))
        {
            2
        } else if name == "*/*" {
            1
        } else {
            continue;
        };
        let quality = parts
            .find_map(|part| part.strip_prefix("q=")?.parse().ok())
            .unwrap_or(1.0);
        // One type may be named twice with different parameters; the better offer counts.
        if specificity > best.0 || (specificity == best.0 && quality > best.1) {
            best = (specificity, quality);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERS: &[(&str, &str)] = &[
        ("text", "text/plain"),
        ("html", "text/html"),
        ("json", "application/json"),
    ];

    #[test]
    fn clients_get_what_they_like_best() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for (accept, expected) in [
            ("*/*", Some("text")),
            (browser, Some("html")),
            ("application/json", Some("json")),
            ("Application/JSON;q=0.5, text/*;q=0.4", Some("json")),
            ("text/*", Some("text")),
            ("text/plain;q=0, */*", Some("html")),
            ("image/png", None),
            ("", None),
            (";;,q=1,/", None),
        ] {
            assert_eq!(preferred(accept, OFFERS).copied(), expected, "{accept}");
        }
    }
}
