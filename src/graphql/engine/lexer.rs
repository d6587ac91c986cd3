//! Counts a document's tokens without parsing it, so that an oversized one is refused before anything is built from it.

use super::guard::{Excess, Limit};
use crate::config::Limits;

/// The longest name, in bytes: far above any in the schema, and short enough to search for similar ones.
const NAME_LIMIT: usize = 128;

/// Reads the text once and says how many tokens it has; fails at the first limit that it exceeds. Malformed text is left
/// to the parser.
pub(super) fn check(text: &str, limits: &Limits) -> Result<usize, Excess> {
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut open) = (0, 0_usize, 0_usize);
    let mut lists: Vec<usize> = Vec::new();
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            // Between tokens, or part of a number or a spread, which counts by what follows.
            b' ' | b'\t' | b'\r' | b'\n' | b',' | 0xEF | 0xBB | 0xBF | b'-' | b'+' | b'.' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = line_end(bytes, at);
                continue;
            }
            b'"' => string_end(bytes, at),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => run(bytes, at, |byte| {
                byte.is_ascii_alphanumeric() || byte == b'_'
            }),
            b'1'..=b'9' => run(bytes, at, |byte| byte.is_ascii_digit()),
            // A zero, too: the parser takes what follows it for the next number.
            _ => at + 1,
        };
        tokens += 1;
        Limit::Tokens.check(tokens, limits.tokens)?;
        match byte {
            b'{' | b'(' | b'[' => {
                open += 1;
                Limit::Nesting.check(open, limits.nesting)?;
                count_item(&mut lists, limits)?;
                lists.push(if byte == b'[' { 0 } else { NO_LIST });
            }
            b'}' | b')' | b']' => {
                open = open.saturating_sub(1);
                lists.pop();
            }
            b'$' | b':' | b'@' | b'!' => {}
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                Limit::NameLength.check(end - at, NAME_LIMIT)?;
                count_item(&mut lists, limits)?;
            }
            _ => count_item(&mut lists, limits)?,
        }
        at = end;
    }
    Ok(tokens)
}

/// Stands in the stack of open brackets for one whose content is not counted.
const NO_LIST: usize = usize::MAX;

fn count_item(lists: &mut [usize], limits: &Limits) -> Result<(), Excess> {
    match lists.last_mut() {
        Some(items) if *items != NO_LIST => {
            *items += 1;
            Limit::ListItems.check(*items, limits.list_items)
        }
        _ => Ok(()),
    }
}

fn run(bytes: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.iter().skip(from + 1);
    from + 1 + rest.take_while(|byte| belongs(**byte)).count()
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    run(bytes, from, |byte| byte != b'\n' && byte != b'\r')
}

/// Where a string ends, of either kind; an unfinished one ends with the text.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let block = bytes[from..].starts_with(b"\"\"\"");
    let quotes: &[u8] = if block { b"\"\"\"" } else { b"\"" };
    let mut at = from + quotes.len();
    while at < bytes.len() {
        let rest = &bytes[at..];
        if block && rest.starts_with(b"\\\"\"\"") {
            at += 4;
        } else if !block && rest.starts_with(b"\\") {
            at += 2;
        } else if rest.starts_with(quotes) {
            return at + quotes.len();
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::config::{Config, Limits};
    use crate::graphql::engine::guard::Limit;

    fn limits() -> Limits {
        "".parse::<Config>().unwrap().limits
    }

    fn exceeded(text: &str) -> Option<Limit> {
        check(text, &limits()).err().map(|excess| excess.limit)
    }

    #[test]
    fn ordinary_documents_pass() {
        for text in [
            "",
            "{ viewer { name } }",
            "query Q($a: [Int!] = [1, -2.5e3]) { events(first: 5, filter: {text: \"a \\\" { b\"}) @skip(if: $a) { id } } # {",
            "{ a(b: \"\"\"block \\\"\"\" { [ \"\"\") }",
            "\u{feff}{ a }",
            "\"never closed {{{{",
        ] {
            assert_eq!(exceeded(text), None, "{text}");
        }
    }

    #[test]
    fn each_limit_is_found() {
        for (text, limit) in [
            ("a ".repeat(8_001), Limit::Tokens),
            ("{".repeat(65), Limit::Nesting),
            (
                format!("{{a(b:[{}])}}", "1,".repeat(1_001)),
                Limit::ListItems,
            ),
            (
                format!("{{a(b:[{}])}}", "0".repeat(1_001)),
                Limit::ListItems,
            ),
            (
                format!("{{a(b:[{}])}}", "1-".repeat(1_001)),
                Limit::ListItems,
            ),
            (
                format!("{{a(b:[{}])}}", "{c:1},".repeat(1_001)),
                Limit::ListItems,
            ),
            (format!("{{ {} }}", "n".repeat(129)), Limit::NameLength),
        ] {
            assert_eq!(exceeded(&text), Some(limit), "{}", &text[..20]);
        }
    }

    #[test]
    fn comments_and_strings_are_one_token_or_none() {
        assert_eq!(exceeded(&format!("{{ a }} #{}", "{".repeat(100_000))), None);
        assert_eq!(
            exceeded(&format!("{{ a(b: \"{}\") }}", "[".repeat(100_000))),
            None
        );
    }
}
