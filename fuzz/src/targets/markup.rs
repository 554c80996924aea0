//! A strict reader of the markup that the agent writes: HTML pages and the form for CI systems.

use super::fit;

/// What the templates write. Everything else would be somebody else's.
const ELEMENTS: &[&str] = &[
    "!doctype",
    "?xml",
    "a",
    "article",
    "b",
    "body",
    "br",
    "button",
    "caption",
    "code",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "error",
    "failure",
    "footer",
    "form",
    "g",
    "h1",
    "h2",
    "h3",
    "head",
    "header",
    "html",
    "input",
    "kbd",
    "li",
    "line",
    "link",
    "main",
    "meta",
    "nav",
    "noscript",
    "ol",
    "option",
    "p",
    "pre",
    "rect",
    "script",
    "section",
    "select",
    "skipped",
    "small",
    "span",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "testcase",
    "testsuite",
    "testsuites",
    "text",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
];
const ATTRIBUTES: &[&str] = &[
    "action",
    "aria-hidden",
    "aria-keyshortcuts",
    "aria-label",
    "aria-labelledby",
    "aria-live",
    "aria-pressed",
    "autocomplete",
    "charset",
    "class",
    "classname",
    "colspan",
    "content",
    "data-now",
    "datetime",
    "encoding",
    "errors",
    "failures",
    "focusable",
    "height",
    "hidden",
    "href",
    "html",
    "id",
    "lang",
    "message",
    "method",
    "name",
    "open",
    "placeholder",
    "preserveAspectRatio",
    "rel",
    "role",
    "rx",
    "scope",
    "selected",
    "skipped",
    "spellcheck",
    "src",
    "tabindex",
    "tests",
    "time",
    "timestamp",
    "title",
    "type",
    "value",
    "version",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];

/// Every tag and attribute is the templates' own, every reference complete, every character fit to be shown.
pub(crate) fn well_formed(page: &str) {
    fit::shown(page);
    let mut rest = page;
    while let Some((text, after)) = rest.split_once('<') {
        no_loose_ampersand(text);
        rest = tag(after);
    }
    no_loose_ampersand(rest);
    assert!(!rest.contains('<'));
}

/// Reads a tag, and returns what follows it.
fn tag(text: &str) -> &str {
    let text = text.strip_prefix('/').unwrap_or(text);
    let end = text.find([' ', '>', '/', '\n']).expect("the end of a name");
    let (name, mut rest) = text.split_at(end);
    assert!(ELEMENTS.contains(&name), "<{name}> is not ours");
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest
            .strip_prefix("/>")
            .or_else(|| rest.strip_prefix("?>"))
            .or_else(|| rest.strip_prefix('>'))
        {
            return after;
        }
        rest = attribute(rest);
    }
}

fn attribute(text: &str) -> &str {
    let end = text.find(['=', ' ', '>']).expect("the end of a name");
    let (name, rest) = text.split_at(end);
    assert!(
        ATTRIBUTES.contains(&name),
        "the attribute {name} is not ours"
    );
    let Some(value) = rest.strip_prefix("=\"") else {
        assert!(!rest.starts_with('='), "{name} without quotes");
        return rest;
    };
    let (value, rest) = value.split_once('"').expect("the end of a value");
    assert!(!value.contains(['<', '\n']), "{name}={value}");
    if name == "href" {
        let stays = value.starts_with(['/', '#']);
        assert!(stays, "a link that leads away: {value}");
        assert!(!value.starts_with("//"), "a link that leads away: {value}");
    }
    no_loose_ampersand(value);
    rest
}

fn no_loose_ampersand(text: &str) {
    for after in text.split('&').skip(1) {
        let (reference, _) = after.split_once(';').expect("a complete reference");
        let known = ["amp", "lt", "gt", "quot"].contains(&reference);
        assert!(
            known
                || reference
                    .strip_prefix('#')
                    .is_some_and(|code| code.parse::<u32>().is_ok()),
            "&{reference};"
        );
    }
}
