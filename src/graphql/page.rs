//! Relay connections: arguments in, pages out, cursors that belong to one list.

use super::error::bad_input;
use crate::store::read::{Range, Rows};
use async_graphql::connection::EmptyFields;
use async_graphql::{Error, Object, ObjectType, OutputType, SimpleObject, TypeName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::borrow::Cow;
use std::sync::Arc;

/// Items on a page when the caller does not say.
pub(super) const DEFAULT: u64 = 50;

/// Items on a page, at most.
pub(super) const MOST: i32 = 500;

/// Where a page stands in its list.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct PageInfo {
    /// Whether there is more before this page.
    has_previous_page: bool,
    /// Whether there is more after this page.
    has_next_page: bool,
    /// The cursor of the first item: `before` this is the page before.
    start_cursor: Option<String>,
    /// The cursor of the last item: `after` this is the next page.
    end_cursor: Option<String>,
}

/// An item of a list, with the cursor that marks its place.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub(super) struct Edge<T: OutputType> {
    /// The cursor of this item: pages begin `after` or end `before` it.
    pub(super) cursor: String,
    /// The item.
    pub(super) node: T,
}

/// A page of a list.
pub(super) struct Connection<T: OutputType, M: ObjectType = EmptyFields> {
    nodes: Vec<T>,
    /// The cursor of the item in a place; most who ask for a page want no more than its last.
    cursor: Arc<dyn Fn(usize) -> Option<String> + Send + Sync>,
    page_info: PageInfo,
    more: M,
}

/// A page of a list.
#[Object(name_type)]
impl<T: OutputType + Clone, M: ObjectType> Connection<T, M> {
    /// The items with their cursors.
    async fn edges(&self) -> Vec<Edge<T>> {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter_map(|(place, node)| {
                Some(Edge {
                    cursor: (self.cursor)(place)?,
                    node: node.clone(),
                })
            })
            .collect()
    }

    /// The items alone.
    async fn nodes(&self) -> &[T] {
        &self.nodes
    }

    /// Where this page stands in the list.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    #[graphql(flatten)]
    #[expect(clippy::unused_async, reason = "what is flattened has to be")]
    async fn more(&self) -> &M {
        &self.more
    }
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", <T as OutputType>::type_name()).into()
    }
}

impl<T: OutputType, M: ObjectType> TypeName for Connection<T, M> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", <T as OutputType>::type_name()).into()
    }
}

/// The four arguments of every list.
#[derive(Debug)]
pub(super) struct PageArgs {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    pub(super) last: Option<i32>,
    pub(super) before: Option<String>,
}

/// What a cursor of a list says.
pub(super) trait Mark: Clone + Send + Sync + 'static {
    /// The part behind the list's name.
    fn write(&self) -> String;
    /// Reads that part.
    fn read(text: &str) -> Option<Self>;
}

impl PageArgs {
    /// The range these arguments ask for, in the list of that name.
    pub(super) fn range<M: Mark>(&self, list: &str, descending: bool) -> Result<Range<M>, Error> {
        if self.first.is_some() && self.last.is_some() {
            return Err(bad_input(
                "last",
                "cannot be combined with `first`; give one of them",
            ));
        }
        let (argument, count, from_end) = match (self.first, self.last) {
            (_, Some(count)) => ("last", Some(count), true),
            (count, None) => ("first", count, false),
        };
        let limit = match count {
            None => DEFAULT,
            Some(count @ 0..=MOST) => u64::try_from(count).unwrap_or(DEFAULT),
            Some(count) => {
                return Err(bad_input(
                    argument,
                    format!("{count} is out of range; give 0 to {MOST}"),
                ));
            }
        };
        let after = self
            .after
            .as_deref()
            .map(|text| cursor("after", text, list))
            .transpose()?;
        let before = self
            .before
            .as_deref()
            .map(|text| cursor("before", text, list))
            .transpose()?;
        Ok(Range {
            limit,
            after,
            before,
            from_end,
            descending,
        })
    }
}

fn cursor<M: Mark>(argument: &str, text: &str, list: &str) -> Result<M, Error> {
    let decoded = URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((name, mark)) = decoded.as_deref().and_then(|text| text.split_once('|')) else {
        return Err(bad_input(
            argument,
            "is not a cursor; give one from `pageInfo` or `edges` of this list",
        ));
    };
    if name != list {
        return Err(bad_input(
            argument,
            format!(
                "is a cursor of another list (`{name}`, not `{list}`); order and list must be the same"
            ),
        ));
    }
    M::read(mark).ok_or_else(|| {
        bad_input(
            argument,
            "is a damaged cursor; give it exactly as it was received",
        )
    })
}

/// The cursor of a place in a list.
pub(super) fn encode(list: &str, mark: &impl Mark) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}|{}", mark.write()))
}

/// A page of a list that is in memory as a whole, in its order; `mark` says where an item stands.
pub(super) fn cut_from<R, M: Ord>(
    mut list: Vec<R>,
    range: &Range<M>,
    mark: impl Fn(&R) -> M,
) -> Rows<R> {
    let comes_before = |row: &R, other: &M| {
        let row = mark(row);
        if range.descending {
            row > *other
        } else {
            row < *other
        }
    };
    if let Some(before) = &range.before {
        list.truncate(list.partition_point(|row| comes_before(row, before)));
    }
    if let Some(after) = &range.after {
        let begin = list.partition_point(|row| comes_before(row, after) || mark(row) == *after);
        list.drain(..begin);
    }
    let limit = usize::try_from(range.limit).unwrap_or(usize::MAX);
    let more = list.len() > limit;
    if range.from_end {
        list.drain(..list.len().saturating_sub(limit));
    } else {
        list.truncate(limit);
    }
    Rows { rows: list, more }
}

impl<T: OutputType> Connection<T> {
    /// The page that the rows make.
    pub(super) fn new<R, M: Mark>(
        rows: Rows<R>,
        range: &Range<M>,
        list: &str,
        mark: impl Fn(&R) -> M,
        node: impl Fn(R) -> T,
    ) -> Self {
        let marks: Vec<M> = rows.rows.iter().map(&mark).collect();
        let list = list.to_owned();
        let cursor = move |place: usize| marks.get(place).map(|mark| encode(&list, mark));
        let nodes: Vec<T> = rows.rows.into_iter().map(node).collect();
        let (has_previous_page, has_next_page) = if range.from_end {
            (rows.more, range.before.is_some())
        } else {
            (range.after.is_some(), rows.more)
        };
        let page_info = PageInfo {
            has_previous_page,
            has_next_page,
            start_cursor: cursor(0),
            end_cursor: nodes.len().checked_sub(1).and_then(&cursor),
        };
        Self {
            nodes,
            cursor: Arc::new(cursor),
            page_info,
            more: EmptyFields,
        }
    }

    /// The same page, saying more.
    pub(super) fn with<M: ObjectType>(self, more: M) -> Connection<T, M> {
        Connection {
            nodes: self.nodes,
            cursor: self.cursor,
            page_info: self.page_info,
            more,
        }
    }

    /// Whether nothing is on it.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

impl Mark for crate::store::read::EventMark {
    fn write(&self) -> String {
        format!("{}|{}", self.seq, self.time)
    }

    fn read(text: &str) -> Option<Self> {
        let (seq, time) = text.split_once('|')?;
        Some(Self {
            seq: seq.parse().ok()?,
            time: time.parse().ok()?,
        })
    }
}

impl Mark for crate::store::directory::NameMark {
    fn write(&self) -> String {
        format!("{}|{}", self.id, self.name)
    }

    fn read(text: &str) -> Option<Self> {
        let (id, name) = text.split_once('|')?;
        Some(Self {
            id: id.parse().ok()?,
            name: name.to_owned(),
        })
    }
}

impl Mark for i64 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{PageArgs, encode};
    use crate::store::read::EventMark;

    fn args(first: Option<i32>, after: Option<String>) -> PageArgs {
        PageArgs {
            first,
            after,
            last: None,
            before: None,
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let mark = EventMark { seq: 7, time: -3 };
        let cursor = encode("events/TIME", &mark);
        let range = args(None, Some(cursor.clone()))
            .range::<EventMark>("events/TIME", true)
            .unwrap();
        assert_eq!(range.after, Some(mark));
        let other = args(None, Some(cursor))
            .range::<EventMark>("events/ACTOR", true)
            .unwrap_err();
        assert!(other.message.contains("another list"), "{}", other.message);
        let none = args(None, Some("%%%".to_owned()))
            .range::<EventMark>("events/TIME", true)
            .unwrap_err();
        assert!(none.message.starts_with("after:"), "{}", none.message);
    }

    #[test]
    fn page_sizes_are_bounded() {
        for first in [-1, 501, i32::MAX, i32::MIN] {
            let refused = args(Some(first), None)
                .range::<EventMark>("events/TIME", true)
                .unwrap_err();
            assert!(refused.message.starts_with("first:"), "{}", refused.message);
        }
    }
}
