//! Documents that are ready to run: parsed once, kept for a while, found again by their text or its hash.

use super::guard::{self, Measured};
use super::types::Types;
use super::validate::Checked;
use super::{lexer, validate};
use crate::config::Limits;
use crate::graphql::error::{self, Code};
use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use lru::LruCache;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How many tokens the kept documents have at most, all together; each takes about 200 bytes.
const KEPT_TOKENS: usize = 200_000;

/// A parsed document that is within the limits.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) parsed: ExecutableDocument,
    pub(super) measured: Measured,
    pub(super) checked: Checked,
    tokens: usize,
}

/// How a request says which document it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which<'a> {
    Text(&'a str),
    /// A hash or, among trusted documents, an id.
    Id(&'a str),
    /// The text together with its hash, to be kept for the next time.
    Both(&'a str, &'a str),
}

/// The documents that are kept.
pub(super) struct Documents {
    recent: Option<Mutex<Recent>>,
    trusted: Option<HashMap<String, Arc<Document>>>,
}

struct Recent {
    documents: LruCache<String, Arc<Document>>,
    tokens: usize,
}

/// Why the folder of trusted documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustedError {
    /// It, or a file in it, cannot be read.
    #[error("server.trusted_documents: cannot read `{}`: {cause}", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A file holds something else than documents.
    #[error("server.trusted_documents: `{}`: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

impl Documents {
    /// Keeps as many as the settings say; reads the trusted ones, when a folder is given.
    pub(super) fn open(
        limits: &Limits,
        trusted: &Path,
        types: &Types,
    ) -> Result<Self, TrustedError> {
        let kept = std::num::NonZeroUsize::new(limits.persisted_queries);
        let recent = kept.map(|kept| {
            Mutex::new(Recent {
                documents: LruCache::new(kept),
                tokens: 0,
            })
        });
        let trusted = if trusted.as_os_str().is_empty() {
            None
        } else {
            Some(read_folder(trusted, limits, types)?)
        };
        Ok(Self { recent, trusted })
    }

    /// Finds or makes the document that a request means.
    pub(super) fn get(
        &self,
        which: &Which<'_>,
        limits: &Limits,
        types: &Types,
    ) -> Result<Arc<Document>, ServerError> {
        let (text, given) = match *which {
            Which::Text(text) => (Some(text), None),
            Which::Id(id) => (None, Some(id)),
            Which::Both(text, hash) => (Some(text), Some(hash)),
        };
        if let Some(trusted) = &self.trusted {
            let id = given.map_or_else(|| hash(text.unwrap_or_default()), bare);
            return trusted.get(&id).cloned().ok_or_else(|| not_trusted(given));
        }
        let key = match (text, given) {
            (Some(text), given) => {
                let key = hash(text);
                if given.is_some_and(|given| bare(given) != key) {
                    let message = "the hash that came with the query is not its SHA-256";
                    return Err(error::refusal(Code::BadUserInput, message));
                }
                key
            }
            (None, given) => bare(given.unwrap_or_default()),
        };
        let Some(recent) = &self.recent else {
            let text = text.ok_or_else(|| {
                error::refusal(
                    Code::PersistedQueryNotSupported,
                    "PersistedQueryNotSupported",
                )
            })?;
            return Ok(Arc::new(read(text, limits, types)?));
        };
        let lock = || recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().documents.get(&key) {
            return Ok(Arc::clone(known));
        }
        let document = Arc::new(read(text.ok_or_else(not_found)?, limits, types)?);
        lock().keep(key, &document);
        Ok(document)
    }
}

impl Recent {
    fn keep(&mut self, key: String, document: &Arc<Document>) {
        self.tokens += document.tokens;
        if let Some((_, dropped)) = self.documents.push(key, Arc::clone(document)) {
            self.tokens -= dropped.tokens;
        }
        while self.tokens > KEPT_TOKENS
            && let Some((_, dropped)) = self.documents.pop_lru()
        {
            self.tokens -= dropped.tokens;
        }
    }
}

/// Parses a document; its size is checked before and after.
fn read(text: &str, limits: &Limits, types: &Types) -> Result<Document, ServerError> {
    let tokens = lexer::check(text, limits)?;
    let mut parsed = parse_query(text).map_err(ServerError::from)?;
    let measured = guard::check(&parsed, types, limits)?;
    validate::prepare(&mut parsed);
    Ok(Document {
        parsed,
        measured,
        checked: Checked::default(),
        tokens,
    })
}

/// Every document in a folder, by its hash and, from a map of ids to documents, by its id.
fn read_folder(
    folder: &Path,
    limits: &Limits,
    types: &Types,
) -> Result<HashMap<String, Arc<Document>>, TrustedError> {
    let mut trusted = HashMap::new();
    let unreadable = |path: &Path, cause| TrustedError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let entries = std::fs::read_dir(folder).map_err(|cause| unreadable(folder, cause))?;
    for entry in entries {
        let path = entry.map_err(|cause| unreadable(folder, cause))?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("graphql" | "gql" | "json")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|cause| unreadable(&path, cause))?;
        let malformed = |message| TrustedError::Malformed {
            path: path.clone(),
            message,
        };
        let documents: HashMap<String, String> = if extension == Some("json") {
            serde_json::from_str(&text).map_err(|cause| {
                malformed(format!(
                    "{cause}; give an object that maps ids to documents"
                ))
            })?
        } else {
            HashMap::from([(hash(&text), text)])
        };
        for (id, text) in documents {
            let document = read(&text, limits, types).map_err(|error| malformed(error.message))?;
            let document = Arc::new(document);
            trusted.insert(hash(&text), Arc::clone(&document));
            trusted.insert(bare(&id), document);
        }
    }
    Ok(trusted)
}

fn not_found() -> ServerError {
    // Clients look for this very text.
    error::refusal(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
}

fn not_trusted(id: Option<&str>) -> ServerError {
    match id {
        Some(_) => not_found(),
        None => error::refusal(
            Code::Forbidden,
            "this server carries out trusted documents only; this one is not among them",
        ),
    }
}

/// The SHA-256 of a text, as clients write it.
fn hash(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

/// An id without the name of the hash in front of it, in lower case when it is a hash.
fn bare(id: &str) -> String {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    if id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return id.to_ascii_lowercase();
    }
    id.to_owned()
}
