//! What all upstream clients share: the credential and where it may go, budgets, back-off and limits.
//!
//! [`Http`] sends one request as often as it takes and hands back typed JSON. It knows nothing of any upstream system:
//! which calls there are, how pages follow each other and what an answer means is each system's `client`.

mod answer;
mod budget;
mod change;
mod error;
mod guard;
mod wait;

pub use budget::Bucket;
pub use change::{Change, ChangeError, Verb};
pub use error::{CallError, SetupError};
pub use guard::Guard;

use super::SourceError;
use crate::clock::Clock;
use crate::config::HttpClient;
use crate::event::Timestamp;
use answer::{Refusal, Unreadable};
use backon::{ExponentialBuilder, Retryable};
use base64::Engine;
use error::{LONGEST_BACK_OFF, Trouble};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, redirect, tls};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use url::Url;

/// An answer that makes no sense is asked for this often before it is believed.
const ATTEMPTS_AT_SENSE: usize = 3;

/// How a client shows who it is.
#[derive(Debug)]
pub enum Credential {
    /// A token or key by itself.
    Bearer(SecretString),
    /// A user name, here mostly an e-mail address, with a token as its password.
    Basic(String, SecretString),
}

/// One request.
#[derive(Debug)]
pub struct Call<'a> {
    /// What it asks for, in words for people.
    pub what: &'a str,
    /// Where.
    pub url: Url,
    /// What is posted; without it the request is a GET.
    pub body: Option<Value>,
    /// The budget that it is paid from.
    pub bucket: &'a Bucket,
}

/// A client of one upstream system: one origin, one credential.
#[derive(Debug)]
pub struct Http {
    client: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    secret: SecretString,
    advice: &'static str,
    limits: HttpClient,
    clock: Clock,
    ahead: AtomicI64,
    user: OnceLock<String>,
}

/// Makes ring the TLS implementation of the process, unless one has been chosen.
pub fn choose_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing a race against another caller leaves ring chosen as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

impl Http {
    /// A client for everything under `base`; `advice` is what to say when the credential is refused.
    pub fn new(
        section: &str,
        base: &Url,
        credential: Credential,
        advice: &'static str,
        limits: &HttpClient,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        let wrong = |setting: &str, message: String| SetupError {
            setting: format!("{section}.{setting}"),
            message,
        };
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(wrong("base_url", format!("`{base}` is not a web address")));
        }
        let (text, secret) = match credential {
            Credential::Bearer(token) => (format!("Bearer {}", token.expose_secret()), token),
            Credential::Basic(user, token) => {
                let pair = format!("{user}:{}", token.expose_secret());
                let pair = base64::engine::general_purpose::STANDARD.encode(pair);
                (format!("Basic {pair}"), token)
            }
        };
        let mut authorization = HeaderValue::from_str(&text).map_err(|_| {
            wrong(
                "credential",
                "contains characters that cannot be sent".to_owned(),
            )
        })?;
        authorization.set_sensitive(true);
        choose_tls();
        let client = reqwest::Client::builder()
            .user_agent(concat!("auditgraph/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([
                (header::ACCEPT, HeaderValue::from_static("application/json")),
                (header::ACCEPT_LANGUAGE, HeaderValue::from_static("en")),
            ]))
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            // What HTTP/2 changes about time-outs and retries nobody has tried.
            .http1_only()
            .gzip(true)
            .tls_version_min(tls::Version::TLS_1_2)
            .timeout(Duration::from_secs(limits.timeout_seconds.max(1)))
            .build()
            .map_err(|error| wrong("base_url", answer::explain(error)))?;
        Ok(Self {
            client,
            base: base.clone(),
            authorization,
            secret,
            advice,
            limits: *limits,
            clock,
            ahead: AtomicI64::new(0),
            user: OnceLock::new(),
        })
    }

    /// The address of `path` under the base, each piece escaped.
    #[must_use]
    pub fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// The address behind a link in an answer, which may be relative.
    pub fn link(&self, what: &str, link: &str) -> Result<Url, SourceError> {
        self.base
            .join(link)
            .map_err(|error| self.astray(what, link, &error.to_string()))
    }

    /// Now, by upstream's clock as far as it is known from its last answer.
    #[must_use]
    pub fn server_now(&self) -> Timestamp {
        let now = self.clock.now().micros();
        Timestamp::from_micros(now.saturating_add(self.ahead.load(Ordering::Relaxed)))
    }

    /// The name of the user whose credential it is, as soon as an answer has said so: Data Center products do.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        self.user.get().cloned()
    }

    /// Sends the request, again where that may help, and reads the answer.
    pub async fn fetch<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, CallError> {
        if call.url.origin() != self.base.origin() || !call.url.username().is_empty() {
            let reason = format!("the credential is for {} only", self.origin());
            return Err(self.astray(call.what, call.url.as_str(), &reason).into());
        }
        let most = self.limits.max_attempts.max(1);
        let mut attempt = 0;
        let clock = self.clock.clone();
        let tried = (|| {
            attempt += 1;
            self.attempt(&call, attempt)
        })
        .retry(
            ExponentialBuilder::new()
                .with_max_times(most - 1)
                .with_jitter(),
        )
        .sleep(move |wait| {
            let clock = clock.clone();
            async move { clock.sleep(wait).await }
        })
        .when(|trouble| self.is_worth_another(trouble))
        .adjust(|trouble, back_off| {
            let asked = trouble.wait().filter(|wait| !wait.is_zero());
            back_off.map(|wait| asked.unwrap_or(wait.min(LONGEST_BACK_OFF)))
        })
        .await;
        tried.map_err(|trouble| trouble.into_error(call.what))
    }

    fn is_worth_another(&self, trouble: &Trouble) -> bool {
        match trouble {
            Trouble::Final(_) => false,
            Trouble::Senseless { attempt, .. } => *attempt < ATTEMPTS_AT_SENSE,
            Trouble::Limited { wait, .. } | Trouble::Down { wait, .. } => {
                wait.is_none_or(|wait| wait <= self.limits.max_wait())
            }
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        attempt: usize,
    ) -> Result<T, Trouble> {
        call.bucket.take().await;
        let method = if call.body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let mut request = self
            .client
            .request(method, call.url.clone())
            .header(header::AUTHORIZATION, self.authorization.clone());
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| Trouble::Down {
            attempt,
            wait: None,
            patience: self.limits.max_wait(),
            message: answer::explain(error),
        })?;
        let date = wait::date(response.headers());
        if let Some(date) = date {
            let ahead = date.micros().saturating_sub(self.clock.now().micros());
            self.ahead.store(ahead, Ordering::Relaxed);
        }
        let status = response.status();
        if status.is_success() {
            let user = response.headers().get("x-ausername");
            if let Some(user) = user.and_then(|user| user.to_str().ok()) {
                // It is the same in every answer.
                let _ = self.user.set(user.to_owned());
            }
            let limit = self.limits.max_page_mib.saturating_mul(1024 * 1024);
            return match answer::read(response, limit).await {
                Ok(value) => Ok(value),
                Err(Unreadable::Senseless(message)) => Err(Trouble::Senseless {
                    attempt,
                    message: self.redact(&message),
                }),
                Err(Unreadable::Unusable(message)) => {
                    Err(Trouble::Final(CallError::Failed(SourceError::Unusable {
                        what: call.what.to_owned(),
                        message: self.redact(&message),
                    })))
                }
            };
        }
        if status.is_redirection() {
            let to = response.headers().get(header::LOCATION);
            let to = to.and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
            let reason = format!("redirects are not followed (status {})", status.as_u16());
            return Err(Trouble::Final(self.astray(call.what, to, &reason).into()));
        }
        let now = date.unwrap_or_else(|| self.clock.now());
        let wait = wait::asked_for(status, response.headers(), now);
        let Refusal { code, message } = answer::refusal(response).await;
        let message = self.redact(&message);
        Err(match status {
            StatusCode::TOO_MANY_REQUESTS => Trouble::Limited { wait },
            StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Trouble::Down {
                attempt,
                wait,
                patience: self.limits.max_wait(),
                message: format!("status {}: {message}", status.as_u16()),
            },
            _ => Trouble::Final(CallError::Refused {
                what: call.what.to_owned(),
                status: status.as_u16(),
                code,
                message: match status {
                    StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                        format!("{message}. {}", self.advice)
                    }
                    _ => message,
                },
            }),
        })
    }

    fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    fn astray(&self, what: &str, to: &str, reason: &str) -> SourceError {
        SourceError::Misdirected {
            what: what.to_owned(),
            message: self.redact(&format!("{}: {reason}", answer::excerpt(to))),
        }
    }

    /// Upstream's words without the credential, should it have repeated that.
    fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let sent = self.authorization.to_str().unwrap_or_default();
        let sent = sent.split_once(' ').map_or(sent, |(_, value)| value);
        for secret in [sent, self.secret.expose_secret()] {
            if !secret.is_empty() {
                text = text.replace(secret, "***");
            }
        }
        text
    }
}
