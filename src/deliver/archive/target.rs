//! Where the archive is: a folder, or a bucket of a store that speaks S3.

use super::ArchiveError;
use crate::config;
use object_store::aws::AmazonS3Builder;
use object_store::client::{HttpClient, HttpConnector};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use secrecy::ExposeSecret;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::time::Duration;

/// Seconds until a request to a bucket's store is given up, to be made again later.
const REQUEST: Duration = Duration::from_secs(30);

/// Seconds until a connection to it is given up.
const CONNECT: Duration = Duration::from_secs(10);

/// The object that a check writes; no event has it.
const PROBE: &str = "auditgraph-check";

/// Where the archive is.
#[derive(Clone, Debug)]
pub(super) struct Target {
    store: Arc<dyn ObjectStore>,
    /// What people call it; holds no secret.
    pub(super) place: String,
}

impl Target {
    /// What the settings name; `None` when they name nothing.
    pub(super) fn configured(settings: &config::Archive) -> Result<Option<Self>, ArchiveError> {
        if !settings.is_on() {
            return Ok(None);
        }
        if settings.bucket.is_empty() {
            return Self::folder(settings).map(Some);
        }
        Self::bucket(settings).map(Some)
    }

    fn folder(settings: &config::Archive) -> Result<Self, ArchiveError> {
        let folder = &settings.folder;
        let place = format!("folder {}", folder.display());
        let unusable = |error: &dyn std::fmt::Display| ArchiveError::Unusable {
            setting: "archive.folder",
            reason: format!("`{}` cannot be used: {error}", folder.display()),
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| unusable(&error))?;
        // What was written is on the disk before the position moves.
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| unusable(&error))?
            .with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            place,
        })
    }

    fn bucket(settings: &config::Archive) -> Result<Self, ArchiveError> {
        let plain = settings
            .url
            .as_ref()
            .is_some_and(|url| url.scheme() == "http");
        // Trying again is the follower's, which tells of it and can be stopped.
        let once = RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        };
        let mut bucket = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(settings.access_key_id.expose_secret())
            .with_secret_access_key(settings.secret_access_key.expose_secret())
            .with_allow_http(plain)
            .with_http_connector(Connector)
            .with_retry(once);
        let mut place = format!("bucket {}", settings.bucket);
        if let Some(url) = &settings.url {
            let url = url.as_str().trim_end_matches('/');
            bucket = bucket.with_endpoint(url);
            place = format!("{place} at {url}");
        }
        let bucket = bucket.build().map_err(|error| ArchiveError::Unusable {
            setting: "archive.bucket",
            reason: error.to_string(),
        })?;
        let prefix = settings.prefix.trim_matches('/');
        let store: Arc<dyn ObjectStore> = if prefix.is_empty() {
            Arc::new(bucket)
        } else {
            place = format!("{place} in {prefix}");
            Arc::new(PrefixStore::new(bucket, prefix))
        };
        Ok(Self { store, place })
    }

    /// Writes a file as a whole, or not at all.
    pub(super) async fn put(&self, path: &Path, content: String) -> Result<(), ArchiveError> {
        let put = self.store.put(path, content.into_bytes().into()).await;
        put.map(|_| ()).map_err(|error| ArchiveError::Write {
            path: format!("{path} in {}", self.place),
            error,
        })
    }

    /// Writes a file to see whether that works, and takes it away again where that is allowed.
    pub(super) async fn check(&self) -> Result<(), ArchiveError> {
        let probe = Path::from(PROBE);
        self.put(&probe, String::new()).await?;
        if let Err(error) = self.store.delete(&probe).await {
            // Whoever may only add to an archive is the safest.
            tracing::debug!(%error, "what a check has written stays in the archive");
        }
        Ok(())
    }
}

/// Makes the client of a bucket's store like all others of this server: no proxy, no redirects, nothing from the
/// environment.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Losing a race against another caller leaves ring chosen as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = reqwest::Client::builder()
            .user_agent(concat!("auditgraph/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .http1_only()
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .timeout(REQUEST)
            .connect_timeout(CONNECT)
            .build();
        let client = client.map_err(|error| object_store::Error::Generic {
            store: "bucket",
            source: Box::new(error),
        })?;
        Ok(HttpClient::new(client))
    }
}
