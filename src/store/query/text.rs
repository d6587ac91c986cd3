//! How text is compared: the same in both databases, whatever collation and language a server was set up with.
//!
//! Text is ordered byte by byte. Where case does not matter, only that of plain Latin letters (A to Z) does not: it is
//! all that SQLite can fold. Names of people and groups are folded completely, because they are stored folded.

use crate::store::Store;
use crate::store::entity::{change, user, user_word};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, Query, SelectStatement};
use std::collections::BTreeSet;

/// Text that compares byte by byte.
pub(in crate::store) fn bytewise(store: &Store, text: Expr) -> Expr {
    if store.is_postgres() {
        Expr::cust_with_expr("$1 COLLATE \"C\"", text)
    } else {
        text
    }
}

/// Text with plain Latin letters in lower case, and compared byte by byte.
pub(in crate::store) fn lower(store: &Store, text: Expr) -> Expr {
    Func::lower(bytewise(store, text)).into()
}

/// The range of words that begin with `prefix`.
pub(in crate::store) fn word_prefix(prefix: &str) -> Condition {
    // U+10FFFF sorts behind every other character in UTF-8, and words never hold it.
    Condition::all()
        .add(Expr::col((user_word::Entity, user_word::Column::Word)).gte(prefix.to_owned()))
        .add(
            Expr::col((user_word::Entity, user_word::Column::Word))
                .lt(format!("{prefix}\u{10FFFF}")),
        )
}

/// The persons one of whose accounts is called by such a word.
pub(in crate::store) fn persons_with_word(word: Condition) -> SelectStatement {
    persons_of(
        Query::select()
            .column(user_word::Column::UserId)
            .from(user_word::Entity)
            .cond_where(word)
            .to_owned(),
    )
}

/// The persons whose accounts a query finds.
pub(super) fn persons_of(accounts: SelectStatement) -> SelectStatement {
    Query::select()
        .column(user::Column::PersonId)
        .from(user::Entity)
        .and_where(Expr::col(user::Column::Id).in_subquery(accounts))
        .to_owned()
}

/// Characters of a changed field's name or value by which an index finds it. Values may be whole documents.
const SHORT: usize = 100;

/// The beginning of text as an index of changes has it.
fn short(store: &Store, text: Expr) -> Expr {
    if store.is_postgres() {
        Expr::cust_with_expr("lower(substr($1 COLLATE \"C\", 1, 100))", text)
    } else {
        Expr::cust_with_expr("lower(substr(?, 1, 100))", text)
    }
}

/// That a column of changes is one of these names, folded: as the index has it, and, where that is not all of it, as
/// the row has it.
pub(in crate::store) fn fits(
    store: &Store,
    column: change::Column,
    names: &BTreeSet<String>,
) -> Condition {
    let begin = |name: &String| name.chars().take(SHORT).collect::<String>();
    let column = Expr::col((change::Entity, column));
    let beginning = short(store, column.clone()).is_in(names.iter().map(begin));
    let all = Condition::all().add(beginning);
    if names.iter().all(|name| name.chars().count() < SHORT) {
        return all;
    }
    all.add(lower(store, column).is_in(names.iter().cloned()))
}
