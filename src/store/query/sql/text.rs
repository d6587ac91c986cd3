//! The search for a text.

use super::super::text::{lower, persons_with_word, word_prefix};
use super::{aliases_of, column, learned};
use crate::store::Store;
use crate::store::entity::{action, alias, event};
use crate::store::query::chosen::{Text, fold};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, LikeExpr, Query};

/// The condition that an event has a text.
pub(super) fn containing(store: &Store, text: &Text) -> Condition {
    let escaped = fold(&text.text)
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
                .add(like(Expr::col(action::Column::Name)))
                .add(like(Expr::col(action::Column::UpstreamLabel))),
        )
        .to_owned();
    any = any.add(column(event::Column::ActionId).in_subquery(actions));
    if !text.with_people {
        return any;
    }
    let people = persons_with_word(word_prefix(&text.text.to_lowercase()));
    let aliases =
        aliases_of(Condition::all().add(Expr::col(alias::Column::UserId).in_subquery(people)));
    any.add(column(event::Column::Seq).in_subquery(learned(aliases.clone())))
        .add(column(event::Column::ActorId).in_subquery(aliases))
}
