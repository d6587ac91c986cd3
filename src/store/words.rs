//! The words of names, by which they are searched for by prefix: of people's names, nicknames and e-mail addresses there
//! is an index.

use super::entity::{user, user_word};
use super::{StoreError, bulk};
use sea_orm::{DatabaseTransaction, EntityTrait, QueryFilter};
use std::collections::BTreeSet;

/// Indexes the words of somebody's names anew, for search by prefix.
pub(super) async fn index_words(
    transaction: &DatabaseTransaction,
    user: &user::Model,
) -> Result<(), StoreError> {
    user_word::Entity::delete_many()
        .filter(user_word::COLUMN.user_id.eq(user.id))
        .exec(transaction)
        .await?;
    bulk::insert(transaction, &words_of(user)).await
}

/// The rows of the words of somebody's names.
pub(super) fn words_of(user: &user::Model) -> Vec<user_word::Model> {
    let texts = [
        user.name.as_deref(),
        user.nickname.as_deref(),
        user.email.as_deref(),
    ];
    let words: BTreeSet<String> = texts.into_iter().flatten().flat_map(words).collect();
    words
        .into_iter()
        .map(|word| user_word::Model {
            word,
            user_id: user.id,
        })
        .collect()
}

/// The words of a text in lower case: what stands between spaces, and each part of it that begins behind something
/// that is neither letter nor digit, so that `ann-lee@example.com` is found by `ann-lee@ex` and by `lee@`.
fn words(text: &str) -> Vec<String> {
    let lower = super::clean(text.to_lowercase());
    let mut words = Vec::new();
    for whole in lower.split_whitespace() {
        let mut inside = false;
        for (place, character) in whole.char_indices() {
            let belongs = character.is_alphanumeric();
            if belongs && !inside {
                words.push(short(&whole[place..]));
            }
            inside = belongs;
        }
        words.push(short(whole));
    }
    words
}

/// Whether each of these beginnings, in lower case, begins a word of a text.
pub(super) fn begin(text: &str, beginnings: &[&str]) -> bool {
    if beginnings.is_empty() {
        return true;
    }
    let words = words(text);
    let begins = |beginning: &&str| words.iter().any(|word| word.starts_with(*beginning));
    beginnings.iter().all(begins)
}

/// As much of a word as anybody types.
fn short(word: &str) -> String {
    word.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_begin_wherever_a_part_begins() {
        let mut found = words("Ann-Lee  O'Neil ann.lee@Example.com");
        found.sort();
        found.dedup();
        assert_eq!(
            found,
            [
                "ann-lee",
                "ann.lee@example.com",
                "com",
                "example.com",
                "lee",
                "lee@example.com",
                "neil",
                "o'neil"
            ]
        );
    }
}
