//! Lists sorted by name: a page of one, and what of it a few letters choose.

use super::directory::NameMark;
use super::read::Range;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, LikeExpr, Order};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

/// A list sorted by name and then number, cut to a range.
pub(super) fn by_name<E: EntityTrait>(
    mut list: Select<E>,
    entity: E,
    (name, id): (E::Column, E::Column),
    range: &Range<NameMark>,
) -> Select<E> {
    let key = || Expr::tuple([Expr::col((entity, name)), Expr::col((entity, id))]);
    let place = |mark: &NameMark| Expr::tuple([Expr::val(mark.name.clone()), Expr::val(mark.id)]);
    if let Some(mark) = &range.after {
        list = list.filter(if range.descending {
            key().lt(place(mark))
        } else {
            key().gt(place(mark))
        });
    }
    if let Some(mark) = &range.before {
        list = list.filter(if range.descending {
            key().gt(place(mark))
        } else {
            key().lt(place(mark))
        });
    }
    let direction = if range.descending == range.from_end {
        Order::Asc
    } else {
        Order::Desc
    };
    list.order_by(name, direction.clone())
        .order_by(id, direction)
        .limit(range.limit + 1)
}

/// What stands between the words of a name, as patterns have it.
const BETWEEN: [&str; 8] = [" ", "-", "\\_", ".", "/", "(", ":", "@"];

/// That a word of a name begins with this. Names are looked through in the order of the list until the page is full:
/// there are far fewer groups and projects than people.
pub(super) fn begins_word<C: sea_orm::ColumnTrait>(column: C, search: &str) -> Condition {
    let column = || Expr::col(column.as_column_ref());
    let first = Condition::any().add(column().like(prefix_pattern(search)));
    BETWEEN.iter().fold(first, |any, between| {
        let pattern = format!("%{between}{}%", escaped(search));
        any.add(column().like(LikeExpr::new(pattern).escape('\\')))
    })
}

pub(super) fn prefix_pattern(search: &str) -> LikeExpr {
    LikeExpr::new(format!("{}%", escaped(search))).escape('\\')
}

/// Text in lower case that means itself in a pattern.
fn escaped(text: &str) -> String {
    text.to_lowercase()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}
