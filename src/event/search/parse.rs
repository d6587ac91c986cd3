//! From a text to its tree. Reads each character once; goes on behind what is wrong, so that everything wrong is told.

mod value;

use super::problem::{Fault, Faults, Problem};
use super::qualifier::Qualifier;
use super::time::Written;
use super::tree::{All, Item, Run, Term, Tree};
use value::{membership, product, time_zone};

/// How deep parentheses and negations may be nested.
const DEPTH: usize = 16;

/// How many words and groups may have to hold together.
const TOGETHER: usize = 32;

/// The tree of a whole text.
pub(super) fn tree(text: &str) -> Result<Tree, Vec<Problem>> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        given_up: false,
        faults: Faults::default(),
    };
    let tree = parser.tree();
    if parser.peek() == Some(')') {
        parser.fault(parser.at, "there is no `(` for this `)`");
    }
    if parser.faults.is_empty() {
        Ok(tree)
    } else {
        Err(parser.faults.in_columns(text))
    }
}

struct Parser<'a> {
    text: &'a str,
    /// The byte that is read next.
    at: usize,
    /// How deep in parentheses and negations that is.
    depth: usize,
    given_up: bool,
    faults: Faults,
}

/// A word between parts of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Or,
}

/// What has been read of a tree.
#[derive(Default)]
struct Begun {
    tree: Tree,
    all: All,
    run: Run,
    /// How many parts of `all` have to hold each by itself.
    several: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Reads a character, if it is this one.
    fn take(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        self.at += self.rest().len() - self.rest().trim_start_matches(skipped).len();
    }

    fn fault(&mut self, at: usize, message: impl Into<String>) {
        self.add_fault(at, Fault::new(message));
    }

    fn add_fault(&mut self, at: usize, fault: Fault) {
        if !self.faults.add(at, fault) {
            self.give_up();
        }
    }

    /// Reads nothing more: what follows cannot be told apart any more.
    fn give_up(&mut self) {
        self.at = self.text.len();
        self.given_up = true;
    }

    /// Everything up to a closing parenthesis or the end.
    fn tree(&mut self) -> Tree {
        let mut begun = Begun::default();
        // Whether there is something since the last operator, right or wrong; and where that operator is.
        let (mut filled, mut operator) = (false, None);
        loop {
            self.skip(char::is_whitespace);
            let at = self.at;
            if matches!(self.peek(), None | Some(')')) {
                break;
            }
            if let Some((found, word)) = self.operator() {
                self.at += word.len();
                if !filled {
                    self.fault(at, format!("expected something before `{word}`"));
                }
                (filled, operator) = (false, Some((at, word)));
                begun.end_run();
                if found == Operator::Or {
                    begun.end_all();
                }
                continue;
            }
            filled = true;
            if let Some(item) = self.item(&mut begun.tree.zone, false) {
                self.add(&mut begun, item, at);
            }
        }
        if let Some((at, word)) = operator.filter(|_| !filled) {
            self.fault(at, format!("expected something after `{word}`"));
        }
        begun.end_run();
        begun.end_all();
        begun.tree
    }

    fn add(&mut self, begun: &mut Begun, item: Item, at: usize) {
        begun.several += usize::from(!matches!(
            item,
            Item::Term(Term::List(..) | Term::Products(_) | Term::Membership(_)) | Item::Not(_)
        ));
        if begun.several > TOGETHER {
            self.fault(
                at,
                format!("too many words and groups that all must hold; at most {TOGETHER}"),
            );
            self.give_up();
            return;
        }
        let is_membership = |item: &Item| matches!(item, Item::Term(Term::Membership(_)));
        if is_membership(&item) && begun.run.iter().any(is_membership) {
            self.fault(at, "`membership:` is there twice; give it once");
            return;
        }
        begun.run.push(item);
    }

    /// The operator that comes next, with its word.
    fn operator(&self) -> Option<(Operator, &'static str)> {
        [(Operator::And, "AND"), (Operator::Or, "OR")]
            .into_iter()
            .find(|(_, word)| self.is_word(word))
    }

    /// Whether this word comes next, and nothing belongs to it.
    fn is_word(&self, word: &str) -> bool {
        let behind = self.rest().strip_prefix(word);
        behind.is_some_and(|behind| behind.chars().next().is_none_or(ends))
    }

    /// One part; `None` when it is wrong, or says something of the whole `tree`.
    fn item(&mut self, zone: &mut Option<String>, negated: bool) -> Option<Item> {
        let at = self.at;
        if self.is_word("NOT") {
            self.at += "NOT".len();
            self.skip(char::is_whitespace);
            return self.negated(at, zone);
        }
        match self.peek()? {
            '-' => {
                self.at += 1;
                self.negated(at, zone)
            }
            '(' => self.parentheses().map(Item::Group),
            '"' => {
                let text = self.quoted()?;
                self.end_of_value();
                Some(Item::Term(Term::Text(text)))
            }
            _ => {
                if let Some(name) = self.name() {
                    self.qualified(&name, at, zone, negated)
                } else {
                    let text = self.unquoted(ends);
                    self.end_of_value();
                    Some(Item::Term(Term::Text(text)))
                }
            }
        }
    }

    /// What is left out.
    fn negated(&mut self, at: usize, zone: &mut Option<String>) -> Option<Item> {
        let nothing = matches!(self.peek(), None | Some(')'));
        if nothing || self.peek().is_some_and(char::is_whitespace) || self.operator().is_some() {
            self.fault(
                at,
                "expected what is to be left out; to search for this text, put it in quotes",
            );
            return None;
        }
        self.deeper(at, |parser| parser.item(zone, true))
            .map(|item| Item::Not(Box::new(item)))
    }

    fn parentheses(&mut self) -> Option<Tree> {
        let at = self.at;
        self.at += 1;
        let tree = self.deeper(at, |parser| Some(parser.tree()))?;
        if !self.take(')') && !self.given_up {
            self.fault(at, "this `(` is never closed");
        }
        Some(tree)
    }

    /// Reads something nested, unless that is nested too deeply: then nothing more can be told apart.
    fn deeper<T>(&mut self, at: usize, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == DEPTH {
            self.fault(at, format!("nested too deeply; at most {DEPTH} levels"));
            self.give_up();
            return None;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// The name of a qualifier that comes next, with its colon.
    fn name(&mut self) -> Option<String> {
        let rest = self.rest();
        let begins = rest.starts_with(|first: char| first.is_ascii_alphabetic());
        let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let length = rest.len() - rest.trim_start_matches(belongs).len();
        let (name, behind) = rest.split_at(length);
        if !begins || !behind.starts_with(':') {
            return None;
        }
        let name = name.to_owned();
        self.at += length + 1;
        Some(name)
    }

    fn qualified(
        &mut self,
        name: &str,
        at: usize,
        zone: &mut Option<String>,
        negated: bool,
    ) -> Option<Item> {
        let Some(qualifier) = Qualifier::named(name) else {
            let message = format!(
                "there is no qualifier `{name}`; to search for this text, put it in quotes"
            );
            let fault = Fault::new(message).meaning(name, Qualifier::names());
            self.add_fault(at, fault);
            if self.peek() == Some('(') {
                self.parentheses();
            } else {
                self.values(name);
            }
            return None;
        };
        let term = match qualifier {
            Qualifier::List(list) => Term::List(list, self.list(list, name)?),
            Qualifier::Products => {
                let values = self.values(name)?;
                let named = values.iter().map(|value| self.one(value, product));
                Term::Products(named.collect::<Option<_>>()?)
            }
            Qualifier::Time(sign) => {
                let value = self.scalar(name)?;
                Term::Time(self.one(&value, |value| Written::read(&value.text, sign))?)
            }
            Qualifier::Jql => Term::Jql(self.scalar(name)?.text),
            Qualifier::Text => Term::Text(self.scalar(name)?.text),
            Qualifier::Any => {
                if self.peek() != Some('(') {
                    self.fault(
                        at,
                        "expected alternatives in parentheses, as in any:(project:WEB OR actor:lila)",
                    );
                    self.values(name);
                    return None;
                }
                return self.parentheses().map(Item::Any);
            }
            Qualifier::Zone | Qualifier::Membership if negated => {
                let message = format!("`{name}:` chooses nothing, so it cannot be left out");
                self.fault(at, message);
                self.values(name);
                return None;
            }
            Qualifier::Zone => {
                let value = self.scalar(name)?;
                let named = self.one(&value, time_zone)?;
                if zone.as_ref().is_some_and(|known| *known != named) {
                    self.fault(
                        at,
                        "one time zone holds for all that is in the same parentheses; give one",
                    );
                }
                *zone = Some(named);
                return None;
            }
            Qualifier::Membership => {
                let value = self.scalar(name)?;
                Term::Membership(self.one(&value, membership)?)
            }
        };
        Some(Item::Term(term))
    }
}

impl Begun {
    fn end_run(&mut self) {
        if !self.run.is_empty() {
            self.several += usize::from(!self.all.is_empty());
            self.all.push(std::mem::take(&mut self.run));
        }
    }

    fn end_all(&mut self) {
        self.several = 0;
        if !self.all.is_empty() {
            self.tree.any.push(std::mem::take(&mut self.all));
        }
    }
}

/// Whether a character ends what is not in quotes.
fn ends(character: char) -> bool {
    character.is_whitespace() || matches!(character, '(' | ')' | '"')
}
