//! Against listings that lead back to where they have been.

use crate::source::SourceError;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Remembers the pages of one listing, a few bytes each.
#[derive(Debug, Default)]
pub struct Guard {
    seen: HashSet<[u8; 16]>,
}

impl Guard {
    /// Refuses a page that was there before: `mark` is where it was found, `content` what makes it that page.
    ///
    /// Where upstream promises that a mark stands for one page only, `content` may be left empty.
    pub fn pass<'a>(
        &mut self,
        what: &str,
        mark: &str,
        content: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), SourceError> {
        let mut hash = Sha256::new_with_prefix(mark);
        for piece in content {
            hash.update([0]);
            hash.update(piece);
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hash.finalize()[..16]);
        if self.seen.insert(short) {
            Ok(())
        } else {
            Err(SourceError::Misdirected {
                what: what.to_owned(),
                message: format!(
                    "`{}` leads back to a page that was already read",
                    super::answer::excerpt(mark)
                ),
            })
        }
    }
}
