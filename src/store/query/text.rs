//! How text is compared: the same in both databases, whatever collation and language a server was set up with.
//!
//! Text is ordered byte by byte. Where case does not matter, only that of plain Latin letters (A to Z) does not: it is
//! all that SQLite can fold. Names of people and groups are folded completely, because they are stored folded.

use super::column;
use super::people::aliases_of;
use crate::store::Store;
use crate::store::entity::{action, alias, event, user_word};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, LikeExpr, Query};

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

/// The condition of `EventFilter.text`. Where people are not visible, it does not find them by their addresses either.
pub(super) fn containing(store: &Store, text: &str, with_people: bool) -> Condition {
    let escaped = text
        .to_ascii_lowercase()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    let like =
        |text: Expr| lower(store, text).like(LikeExpr::new(format!("%{escaped}%")).escape('\\'));
    let mut any = Condition::any();
    for text in [
        event::Column::Message,
        event::Column::TargetName,
        event::Column::TargetId,
        event::Column::IssueKey,
    ] {
        any = any.add(like(column(text)));
    }
    let actions = Query::select()
        .column(action::Column::Id)
        .from(action::Entity)
        .cond_where(
            Condition::any()
                .add(like(Expr::col(action::Column::Label)))
                .add(like(Expr::col(action::Column::Code)))
                .add(like(Expr::col(action::Column::Name))),
        )
        .to_owned();
    any = any.add(column(event::Column::ActionId).in_subquery(actions));
    if !with_people {
        return any;
    }
    let people = Query::select()
        .column(user_word::Column::UserId)
        .from(user_word::Entity)
        .cond_where(word_prefix(&text.to_lowercase()))
        .to_owned();
    let aliases =
        aliases_of(Condition::all().add(Expr::col(alias::Column::UserId).in_subquery(people)));
    any.add(column(event::Column::ActorId).in_subquery(aliases))
}
