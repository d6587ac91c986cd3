//! Reading the repository's own text: which files there are, and what in a Rust file is code.

use std::fs;
use std::path::Path;

/// One text file of the repository.
pub(super) struct File {
    /// Its path from the repository's root, with forward slashes.
    pub(super) path: String,
    /// Its whole text.
    pub(super) text: String,
}

impl File {
    pub(super) fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|extension| extension == "rs")
    }

    /// Whether it holds nothing but tests.
    pub(super) fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs")
    }

    /// The modules around and including this one, outermost first; empty outside `src` and for `lib.rs`.
    pub(super) fn modules(&self) -> Vec<&str> {
        let Some(path) = self.path.strip_prefix("src/") else {
            return Vec::new();
        };
        let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
        if path == "lib" {
            return Vec::new();
        }
        path.split('/').collect()
    }
}

/// Every text file of the repository, in the order of their paths; build output and downloads left out.
pub(super) fn files() -> Vec<File> {
    let mut files = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.iter().any(|file| file.path == "Cargo.toml"));
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            if ![".git", "target", "node_modules", "dist"].contains(&name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), files);
            }
        } else if kind.is_file()
            && name != ".git"
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(File { path, text });
        }
    }
}

/// The text without comments and without what stands between quotes; every line keeps its number.
pub(super) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = hidden(rest, &code);
        if hidden > 0 {
            code.extend(rest[..hidden].chars().filter(|c| *c == '\n'));
            code.push(' ');
            rest = &rest[hidden..];
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    code
}

/// How long the comment or literal is with which `rest` begins; 0 when it begins with code.
fn hidden(rest: &str, before: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |at| at + 2);
    }
    let in_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let raw = rest.strip_prefix('b').unwrap_or(rest);
    if !in_word && let Some(raw) = raw.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            return closing_raw(rest, hashes);
        }
    }
    match rest.as_bytes() {
        [b'"', ..] => closing(rest, '"'),
        [b'\'', b'\\', ..] => closing(rest, '\''),
        [b'\'', ..] => {
            let mut letters = rest[1..].char_indices();
            letters.next();
            match letters.next() {
                Some((at, '\'')) => at + 2,
                _ => 0,
            }
        }
        _ => 0,
    }
}

/// The length of the raw string with which `rest` begins.
fn closing_raw(rest: &str, hashes: usize) -> usize {
    let start = rest.find('"').map_or(rest.len(), |at| at + 1);
    let end = format!("\"{}", "#".repeat(hashes));
    rest[start..]
        .find(&end)
        .map_or(rest.len(), |at| start + at + end.len())
}

/// The length of the quoted text with which `rest` begins.
fn closing(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The code without the items that exist only in tests; every line keeps its number.
pub(super) fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        let (before, item) = rest.split_at(at);
        let mut depth = 0_usize;
        let end = item.char_indices().find_map(|(at, letter)| {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth == 0 && (letter == ';' || letter == '}')).then_some(at + 1)
        });
        let (item, after) = item.split_at(end.unwrap_or(item.len()));
        kept.push_str(before);
        kept.extend(item.chars().filter(|c| *c == '\n'));
        rest = after;
    }
    kept + rest
}

/// Where `word` stands in the code as a whole word: the line, and the text after the word.
pub(super) fn words<'a>(code: &'a str, word: &str) -> impl Iterator<Item = (usize, &'a str)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).filter_map(move |(at, _)| {
        let (before, after) = (&code[..at], &code[at + word.len()..]);
        let whole = !before.ends_with(part) && !after.starts_with(part);
        whole.then(|| (before.matches('\n').count() + 1, after))
    })
}

/// The first name of each path that continues after a `crate` or `super`: one, or several in braces.
pub(super) fn heads(after: &str) -> Vec<&str> {
    let Some(path) = after.trim_start().strip_prefix("::") else {
        return Vec::new();
    };
    let path = path.trim_start();
    let Some(group) = path.strip_prefix('{') else {
        return vec![first_word(path)];
    };
    let mut depth = 0_usize;
    let mut names = vec![first_word(group)];
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(first_word(&group[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

#[test]
fn code_is_what_is_neither_comment_nor_literal() {
    let text =
        "a // b\n/* c\n */ d(\"e \\\" f\", r#\"g \" h\"#, 'i', '\\'', b\"j\") fn k<'l>(m: &'l str)";
    let code = code(text);
    let words: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(words.join(" "), "a d( , , , , b ) fn k<'l>(m: &'l str)");
    assert_eq!(code.matches('\n').count(), 2);
}

#[test]
fn test_only_items_are_left_out() {
    let code = "a\n#[cfg(test)]\nmod tests;\nb\n#[cfg(test)]\nmod more {\n fn c() {}\n}\nd";
    assert_eq!(without_tests(code), "a\n\n\nb\n\n\n\n\nd");
}

#[test]
fn paths_are_read_with_and_without_braces() {
    assert_eq!(heads("::event::Actor;"), ["event"]);
    assert_eq!(
        heads("::{event::{Actor, Change}, clock, store::Store};"),
        ["event", "clock", "store"]
    );
    assert_eq!(heads(") struct"), [""; 0]);
    let lines: Vec<usize> = words("axum\nmyaxum axum_x\naxum::x", "axum")
        .map(|found| found.0)
        .collect();
    assert_eq!(lines, [1, 3]);
}
